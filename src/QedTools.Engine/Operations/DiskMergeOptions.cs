namespace QedTools;

/// <summary>How an overlay is merged into its backing file.</summary>
public sealed record DiskMergeOptions
{
    /// <summary>Whether the overlay keeps its contents.</summary>
    public bool Keep { get; init; }

    /// <summary>
    /// Whether to merge even if other images in the folder of the overlay or its backing file have the same backing file and will read
    /// wrong data.
    /// </summary>
    public bool AllowOtherOverlays { get; init; }

    /// <summary>Whether a backing name may lead to another network share.</summary>
    public bool AllowUnc { get; init; }

    /// <summary>Receives decisions and what happens where in the files; may be null.</summary>
    public OperationTrace? Trace { get; init; }
}
