using QedTools.Chains;

namespace QedTools;

/// <summary>How the contents of a disk are read, of which one partition can be all that counts.</summary>
public record DiskContentsOptions : DiskReadingOptions
{
    private protected DiskContentsOptions()
    {
    }

    /// <summary>
    /// The number of the partition that is the disk for this operation, as <see cref="QedPartition.Number"/> gives it; null or
    /// <see cref="QedPartition.WholeDisk"/> for the disk as a whole.
    /// </summary>
    public int? Partition { get; init; }

    /// <summary>The number of a partition as results give it: null for the disk as a whole.</summary>
    /// <param name="partition">As <see cref="Partition"/>.</param>
    internal static int? Chosen(int? partition) => partition is QedPartition.WholeDisk ? null : partition;

    /// <inheritdoc/>
    internal override ChainPolicy ToPolicy() => base.ToPolicy() with { TopPartition = Chosen(Partition) };
}
