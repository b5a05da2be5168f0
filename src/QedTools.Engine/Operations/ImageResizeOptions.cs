namespace QedTools;

/// <summary>How a disk's size is changed.</summary>
public sealed record ImageResizeOptions
{
    /// <summary>Whether the disk may become smaller; the data beyond the new end is then lost.</summary>
    public bool Shrink { get; init; }

    /// <summary>Whether the disk may become smaller even if other images in its folder are based on it and will read wrong data.</summary>
    public bool AllowOtherOverlays { get; init; }

    /// <summary>Whether the disk may become smaller even if partitions lose a part, or all of them.</summary>
    public bool AllowCutPartitions { get; init; }

    /// <summary>Whether a backing name may lead to another network share.</summary>
    public bool AllowUnc { get; init; }

    /// <summary>Receives decisions and what happens where in the files; may be null.</summary>
    public OperationTrace? Trace { get; init; }
}
