namespace QedTools;

/// <summary>The properties of a new image.</summary>
public sealed record ImageCreationOptions
{
    /// <summary>The disk's size, in bytes: 0 up to the geometry's limit, rounded up to a multiple of 512. Null: the backing file's size.</summary>
    public long? SizeBytes { get; init; }

    /// <summary>A cluster's size, in bytes: a power of two from 4 KiB to 64 MiB. Null: 64 KiB.</summary>
    public long? ClusterSize { get; init; }

    /// <summary>A table's size, in clusters: 1, 2, 4, 8 or 16. Null: 4.</summary>
    public int? TableSize { get; init; }

    /// <summary>The backing file's name, stored as it is; a relative name is relative to the new image's folder. Null for none.</summary>
    public string? BackingFile { get; init; }

    /// <summary>What to record about the backing file's format; null: raw if it has no known magic number.</summary>
    public QedBackingFormat? BackingFormat { get; init; }

    /// <summary>Whether an existing file of the new image's name is replaced.</summary>
    public bool Replace { get; init; }

    /// <summary>Receives decisions and what happens where in the files; may be null.</summary>
    public OperationTrace? Trace { get; init; }
}
