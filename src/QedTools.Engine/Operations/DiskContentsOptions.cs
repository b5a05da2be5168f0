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

    /// <inheritdoc/>
    internal override ChainPolicy ToPolicy() => base.ToPolicy() with { TopPartition = Partition };
}
