using System;
using QedTools.Disks;

namespace QedTools.Qed.Format;

/// <summary>
/// The cluster and table sizes of an image, and all arithmetic that follows from them. Nothing else in the engine
/// converts between bytes, clusters and table entries.
/// </summary>
/// <remarks>QED specification, "Header" and "Tables". Construct with sizes that <see cref="IsClusterSize"/> and
/// <see cref="IsTableSize"/> accept.</remarks>
internal readonly record struct QedGeometry
{
    /// <summary>The smallest cluster, in bytes.</summary>
    public const int MinClusterSize = 1 << 12;

    /// <summary>The largest cluster, in bytes.</summary>
    public const int MaxClusterSize = 1 << 26;

    /// <summary>QEMU's default cluster size, in bytes.</summary>
    public const int DefaultClusterSize = 1 << 16;

    /// <summary>The smallest table, in clusters.</summary>
    public const int MinTableSize = 1;

    /// <summary>The largest table, in clusters.</summary>
    public const int MaxTableSize = 16;

    /// <summary>QEMU's default table size, in clusters.</summary>
    public const int DefaultTableSize = 4;


    /// <summary>The size of one table entry, in bytes.</summary>
    public const int EntrySize = 8;


    private readonly int _clusterBits;
    private readonly int _tableBits;

    /// <param name="clusterSize">A cluster's size, in bytes: a power of two in 2^12..2^26.</param>
    /// <param name="tableSize">A table's size, in clusters: a power of two in 1..16.</param>
    public QedGeometry(int clusterSize, int tableSize)
    {
        if (!IsClusterSize(clusterSize))
        {
            throw new ArgumentOutOfRangeException(nameof(clusterSize));
        }

        if (!IsTableSize(tableSize))
        {
            throw new ArgumentOutOfRangeException(nameof(tableSize));
        }

        ClusterSize = clusterSize;
        TableSize = tableSize;
        _clusterBits = PowerOfTwo.Log2(clusterSize);
        _tableBits = _clusterBits + PowerOfTwo.Log2(tableSize) - PowerOfTwo.Log2(EntrySize);
    }

    /// <summary>A cluster's size, in bytes.</summary>
    public int ClusterSize { get; }

    /// <summary>A table's size, in clusters.</summary>
    public int TableSize { get; }

    /// <summary>A table's size, in bytes; at most 1 GiB.</summary>
    public long TableBytes => (long)TableSize << _clusterBits;

    /// <summary>How many entries a table has; at most 2^27.</summary>
    public long EntriesPerTable => 1L << _tableBits;

    /// <summary>How much of the disk one L2 table maps, in bytes; at most 2^53.</summary>
    public long BytesPerL2Table => 1L << (_tableBits + _clusterBits);

    /// <summary>The largest virtual size, in bytes: what the tables can map, but at most the whole sectors that 63 bits can count.</summary>
    public long MaxVirtualSize
    {
        get
        {
            int bits = (2 * _tableBits) + _clusterBits;
            return bits >= 63 ? Sector.MaxSize : 1L << bits;
        }
    }

    /// <summary>The largest number of whole clusters in a file, such that the end of the last one is a valid offset too.</summary>
    public long MaxFileClusters => long.MaxValue >> _clusterBits;

    /// <summary>Whether the format allows this cluster size, in bytes.</summary>
    public static bool IsClusterSize(long bytes) =>
        bytes is >= MinClusterSize and <= MaxClusterSize && PowerOfTwo.Is(bytes);

    /// <summary>Whether the format allows this table size, in clusters.</summary>
    public static bool IsTableSize(long clusters) =>
        clusters is >= MinTableSize and <= MaxTableSize && PowerOfTwo.Is(clusters);

    /// <summary>How many whole clusters fit into <paramref name="bytes"/>: the addressable part of a file.</summary>
    public long WholeClusters(long bytes) => bytes >> _clusterBits;

    /// <summary>How many clusters it takes to cover <paramref name="bytes"/>.</summary>
    public long ClustersCovering(long bytes) => (bytes >> _clusterBits) + (OffsetInCluster(bytes) == 0 ? 0 : 1);

    /// <summary>The size of <paramref name="clusters"/> clusters, in bytes.</summary>
    /// <exception cref="OverflowException">It does not fit into 63 bits.</exception>
    public long BytesOf(long clusters) => checked(clusters * ClusterSize);

    /// <summary>The end of a cluster, in bytes; saturates. For -1, the start of the first one.</summary>
    public long EndOf(long cluster) => cluster >= MaxFileClusters ? long.MaxValue : BytesOf(cluster + 1);

    /// <summary>The number of the cluster that holds the byte at <paramref name="offset"/>.</summary>
    public long ClusterAt(long offset) => offset >> _clusterBits;

    /// <summary>How far into its cluster an offset is, in bytes.</summary>
    public long OffsetInCluster(long offset) => offset & (ClusterSize - 1L);

    /// <summary>Whether an offset is the first byte of a cluster.</summary>
    public bool IsClusterAligned(ulong offset) => (offset & (uint)(ClusterSize - 1)) == 0;

    /// <summary>The first byte of the cluster that holds <paramref name="offset"/>.</summary>
    public long ClusterStart(long offset) => offset & ~(ClusterSize - 1L);

    /// <summary>An offset rounded up to a multiple of the cluster size; saturates.</summary>
    public long ClusterEnd(long offset) =>
        offset > long.MaxValue - (ClusterSize - 1L) ? long.MaxValue : ClusterStart(offset + ClusterSize - 1L);

    /// <summary>The index into the L1 table for an offset on the disk.</summary>
    public long L1Index(long virtualOffset) => virtualOffset >> (_tableBits + _clusterBits);

    /// <summary>The index into its L2 table for an offset on the disk.</summary>
    public long L2Index(long virtualOffset) => (virtualOffset >> _clusterBits) & (EntriesPerTable - 1);

    /// <summary>The offset on the disk that a pair of table entries maps, in bytes; saturates at the largest size.</summary>
    public long VirtualOffset(long l1Index, long l2Index)
    {
        int bits = _tableBits + _clusterBits;
        return l1Index > long.MaxValue >> bits ? Sector.MaxSize : (l1Index << bits) | (l2Index << _clusterBits);
    }

    /// <summary>How many L1 entries a disk of <paramref name="virtualSize"/> bytes uses.</summary>
    public long L1EntriesFor(long virtualSize) => virtualSize == 0 ? 0 : L1Index(virtualSize - 1) + 1;

    /// <summary>How many L2 tables it takes to map the first <paramref name="clusters"/> clusters of a disk.</summary>
    public long TablesFor(long clusters) => (clusters >> _tableBits) + ((clusters & (EntriesPerTable - 1)) == 0 ? 0 : 1);

    /// <summary>The length of a new file, in bytes: header, L1 table, L2 tables and data clusters. Saturates.</summary>
    /// <param name="clusters">How many data clusters it has.</param>
    /// <param name="tables">How many L2 tables it has.</param>
    public long FileLengthFor(long clusters, long tables) => EndOf(TableSize + (tables * TableSize) + clusters);

    /// <summary>Where an entry of a table is in the file, in bytes.</summary>
    public static long EntryOffset(long tableOffset, long index) => tableOffset + (index * EntrySize);
}
