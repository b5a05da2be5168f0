namespace QedTools;

/// <summary>How two disks are compared.</summary>
public sealed record DiskComparisonOptions : DiskContentsOptions
{
    /// <summary>The smallest <see cref="BlockSize"/>, in bytes.</summary>
    public const int MinBlockSize = 512;

    /// <summary>The largest <see cref="BlockSize"/>, in bytes: that of the largest QED clusters.</summary>
    public const int MaxBlockSize = 64 << 20;

    /// <summary><see cref="DiskSourceOptions.SourceFormat"/> of the disk that it is compared with.</summary>
    public QedDiskFormat? ReferenceFormat { get; init; }

    /// <summary><see cref="DiskSourceOptions.SourceBackingFile"/> of the disk that it is compared with.</summary>
    public string? ReferenceBackingFile { get; init; }

    /// <summary><see cref="DiskReadingOptions.Snapshot"/> of the disk that it is compared with.</summary>
    public string? ReferenceSnapshot { get; init; }

    /// <summary>
    /// <see cref="DiskContentsOptions.Partition"/> of the disk that it is compared with. Null for that disk as a whole, also if a partition of the first
    /// disk is compared: it may be a file that holds only the partition.
    /// </summary>
    public int? ReferencePartition { get; init; }

    /// <summary>Whether disks of different sizes differ even if the rest of the longer one is zeroes.</summary>
    public bool Strict { get; init; }

    /// <summary>
    /// For <see cref="DiskDifferences"/>: the blocks that differ or do not, in bytes, a power of two from <see cref="MinBlockSize"/> to
    /// <see cref="MaxBlockSize"/>. With the cluster size of an overlay, the ranges are what the overlay has to store.
    /// </summary>
    public long BlockSize { get; init; } = MinBlockSize;
}
