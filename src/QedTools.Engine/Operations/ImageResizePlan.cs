using System.Collections.Generic;
using System.Linq;

namespace QedTools;

/// <summary>What a change of a disk's size would do.</summary>
/// <param name="OldSize">The size now, in bytes.</param>
/// <param name="NewSize">The size afterwards, in bytes: what was requested, in whole sectors.</param>
/// <param name="DiscardedBytes">How many bytes of data stored in the image would be lost.</param>
public sealed record ImageResizePlan(long OldSize, long NewSize, long DiscardedBytes)
{
    /// <summary>The partitions on the disk now; empty if there are none, or if they could not be read.</summary>
    public IReadOnlyList<QedPartition> Partitions { get; init; } = [];

    /// <summary>The partition that ends last; null if there is none.</summary>
    public QedPartition? LastPartition => Partitions.Where(one => one.Number != QedPartition.WholeDisk).OrderByDescending(one => one.End).FirstOrDefault();

    /// <summary>The partitions of which a part would be cut off.</summary>
    public IReadOnlyList<QedPartition> CutPartitions =>
        NewSize >= OldSize ? [] : [.. Partitions.Where(one => one.Number != QedPartition.WholeDisk && one.End > NewSize)];

    /// <summary>
    /// How much room there would be behind the last partition, in bytes, without what the backup of a GUID partition table needs; null if there is no
    /// partition.
    /// </summary>
    public long? FreeBytes { get; init; }

    /// <summary>Whether the disk has a GUID partition table (GPT) whose backup would not be at the end of the disk afterwards, or would be cut off.</summary>
    public bool MisplacesBackupTable { get; init; }

    /// <summary>Whether the backup of a GUID partition table (GPT) would be cut off.</summary>
    public bool CutsOffBackupTable { get; init; }

    /// <summary>The two sizes.</summary>
    public override string ToString() => $"{ByteSize.Format(OldSize)} -> {ByteSize.Format(NewSize)}";
}
