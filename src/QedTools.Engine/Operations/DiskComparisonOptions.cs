namespace QedTools;

/// <summary>How two disks are compared.</summary>
public sealed record DiskComparisonOptions
{
    /// <summary>The format of the first disk's file; null to tell it by its extension, else by its contents. Says nothing of the files under it.</summary>
    public QedDiskFormat? SourceFormat { get; init; }

    /// <summary>The same for the disk that it is compared with.</summary>
    public QedDiskFormat? ReferenceFormat { get; init; }

    /// <summary>The id or the name of an internal snapshot of the first disk, which is read instead of what the disk is now; an id counts before a name. Null: none.</summary>
    public string? Snapshot { get; init; }

    /// <summary>The same for the disk that it is compared with.</summary>
    public string? ReferenceSnapshot { get; init; }

    /// <summary>Whether disks of different sizes differ even if the rest of the longer one is zeroes.</summary>
    public bool Strict { get; init; }

    /// <summary>Whether a backing name may lead to another network share.</summary>
    public bool AllowUnc { get; init; }

    /// <summary>Whether to read images that another process has open for writing.</summary>
    public bool ForceShare { get; init; }

    /// <summary>Who is told what is decided and what happens where in the files; null: nobody.</summary>
    public OperationTrace? Trace { get; init; }
}
