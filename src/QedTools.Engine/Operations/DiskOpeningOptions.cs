namespace QedTools;

/// <summary>What an image's contents are opened for.</summary>
public sealed record DiskOpeningOptions
{
    /// <summary>Whether they may be changed.</summary>
    public bool Writable { get; init; }

    /// <summary>The file's format; null to tell it by its extension, else by its contents. Says nothing of the files under it.</summary>
    public QedDiskFormat? SourceFormat { get; init; }

    /// <summary>The id or the name of an internal snapshot, which is read instead of what the disk is now; an id counts before a name. Null: none.</summary>
    public string? Snapshot { get; init; }

    /// <summary>Whether to write to a file that is raw by its extension though it begins like an image of another format.</summary>
    public bool AllowOtherContents { get; init; }

    /// <summary>Whether to write to a disk though other images in its folder lie over it and will read wrong data.</summary>
    public bool AllowOtherOverlays { get; init; }

    /// <summary>Whether a backing name may lead to another network share.</summary>
    public bool AllowUnc { get; init; }

    /// <summary>Whether to read images that another process has open for writing; of no effect when writing.</summary>
    public bool ForceShare { get; init; }

    /// <summary>Who is told what is decided and what happens where in the files; null: nobody.</summary>
    public OperationTrace? Trace { get; init; }
}
