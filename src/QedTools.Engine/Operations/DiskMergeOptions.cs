namespace QedTools;

/// <summary>How an overlay is merged into its backing file.</summary>
public sealed record DiskMergeOptions
{
    /// <summary>The file below the overlay to merge into, as a path of the host; null: the overlay's own backing file.</summary>
    /// <remarks>
    /// All layers between read the same afterwards: what the file held where it changes is first copied into the lowest of them. The overlay then has the
    /// file as its backing file, unless it keeps its contents.
    /// </remarks>
    public string? Into { get; init; }

    /// <summary>Whether the overlay keeps its contents and its backing file.</summary>
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
