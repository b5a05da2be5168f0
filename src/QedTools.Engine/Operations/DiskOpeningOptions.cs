namespace QedTools;

/// <summary>What an image's contents are opened for.</summary>
public sealed record DiskOpeningOptions
{
    /// <summary>Whether they may be changed.</summary>
    public bool Writable { get; init; }

    /// <summary>The file's format; null to use that of its extension, else that of its contents. Does not apply to the files below it.</summary>
    public QedDiskFormat? SourceFormat { get; init; }

    /// <summary>
    /// The id or the name of an internal snapshot, which is read instead of the disk's current state; an id takes precedence over a name.
    /// Null for none.
    /// </summary>
    public string? Snapshot { get; init; }

    /// <summary>Whether to write to a file that is raw by its extension even if it begins like an image of another format.</summary>
    public bool AllowOtherContents { get; init; }

    /// <summary>Whether to write to a disk even if other images in its folder are based on it and will read wrong data.</summary>
    public bool AllowOtherOverlays { get; init; }

    /// <summary>Whether a backing name may lead to another network share.</summary>
    public bool AllowUnc { get; init; }

    /// <summary>Whether to read images that another process has open for writing; has no effect when writing.</summary>
    public bool ForceShare { get; init; }

    /// <summary>Receives decisions and what happens where in the files; may be null.</summary>
    public OperationTrace? Trace { get; init; }
}
