namespace QedTools;

/// <summary>How an image is made smaller.</summary>
public sealed record ImageOptimizationOptions
{
    /// <summary>Whether clusters that hold what the backing file shows anyway are given up as well.</summary>
    public bool AgainstBackingFile { get; init; }

    /// <summary>Whether a backing name may lead to another network share.</summary>
    public bool AllowUnc { get; init; }

    /// <summary>Who is told what is decided and what happens where in the files; null: nobody.</summary>
    public OperationTrace? Trace { get; init; }
}
