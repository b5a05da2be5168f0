namespace QedTools;

/// <summary>How the facts of images are read.</summary>
public sealed record ImageInspectionOptions
{
    /// <summary>Whether a backing name may lead to another network share.</summary>
    public bool AllowUnc { get; init; }

    /// <summary>Receives which layers there are and what is found where; may be null.</summary>
    public OperationTrace? Trace { get; init; }
}
