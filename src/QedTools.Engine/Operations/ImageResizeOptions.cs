namespace QedTools;

/// <summary>How a disk's size is changed.</summary>
public sealed record ImageResizeOptions
{
    /// <summary>Whether the disk may become smaller; what lies behind the new end is lost then.</summary>
    public bool Shrink { get; init; }

    /// <summary>Whether the disk may become smaller though other images in its folder lie over it and will read wrong data.</summary>
    public bool AllowOtherOverlays { get; init; }

    /// <summary>Whether a backing name may lead to another network share.</summary>
    public bool AllowUnc { get; init; }

    /// <summary>Who is told what is decided and what happens where in the files; null: nobody.</summary>
    public OperationTrace? Trace { get; init; }
}
