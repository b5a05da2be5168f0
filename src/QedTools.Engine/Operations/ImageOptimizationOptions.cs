namespace QedTools;

/// <summary>How an image is made smaller.</summary>
public sealed record ImageOptimizationOptions
{
    /// <summary>Whether clusters that hold the same data as the backing file are freed as well.</summary>
    public bool AgainstBackingFile { get; init; }

    /// <summary>Whether a plan reads the data, to find out how much smaller the file would become.</summary>
    public bool PlansSize { get; init; }

    /// <summary>Whether a backing name may lead to another network share.</summary>
    public bool AllowUnc { get; init; }

    /// <summary>Receives decisions and what happens where in the files; may be null.</summary>
    public OperationTrace? Trace { get; init; }
}
