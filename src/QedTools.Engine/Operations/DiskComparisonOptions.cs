namespace QedTools;

/// <summary>How two disks are compared.</summary>
public sealed record DiskComparisonOptions
{
    /// <summary>
    /// The format of the first disk's file; null to use that of its extension, else that of its contents. Does not apply to the files
    /// below it.
    /// </summary>
    public QedDiskFormat? SourceFormat { get; init; }

    /// <summary>The same for the disk that it is compared with.</summary>
    public QedDiskFormat? ReferenceFormat { get; init; }

    /// <summary>
    /// The id or the name of an internal snapshot of the first disk, which is read instead of its current state; an id takes precedence
    /// over a name. Null for none.
    /// </summary>
    public string? Snapshot { get; init; }

    /// <summary>The same for the disk that it is compared with.</summary>
    public string? ReferenceSnapshot { get; init; }

    /// <summary>Whether disks of different sizes differ even if the rest of the longer one is zeroes.</summary>
    public bool Strict { get; init; }

    /// <summary>Whether a backing name may lead to another network share.</summary>
    public bool AllowUnc { get; init; }

    /// <summary>Whether to read images that another process has open for writing.</summary>
    public bool ForceShare { get; init; }

    /// <summary>Receives decisions and what happens where in the files; may be null.</summary>
    public OperationTrace? Trace { get; init; }
}
