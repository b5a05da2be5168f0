using QedTools.Disks;

namespace QedTools.Interchange.Qcow2.Format;

/// <summary>The arithmetic of clusters and of the tables that say where they are.</summary>
/// <param name="ClusterBits">The binary logarithm of a cluster's size in bytes; 9 to 21.</param>
/// <param name="HasSubclusters">Whether L2 entries have 128 bits and describe subclusters ("Extended L2 Entries").</param>
internal readonly record struct Qcow2Geometry(int ClusterBits, bool HasSubclusters = false)
{
    /// <summary>The smallest cluster, in bytes.</summary>
    public const int MinClusterSize = 512;

    /// <summary>The largest cluster that QEMU opens, in bytes.</summary>
    public const int MaxClusterSize = 2 << 20;

    /// <summary>QEMU's default cluster size, in bytes.</summary>
    public const int DefaultClusterSize = 64 << 10;

    /// <summary>The largest size of a disk that is read, in bytes: a whole number of sectors that 63 bits can count.</summary>
    public const ulong MaxSize = Sector.MaxSize;

    /// <summary>How many subclusters a cluster has, in a file that has some.</summary>
    public const int SubclustersPerCluster = 32;

    /// <summary>The binary logarithm of the smallest cluster that can have subclusters, in bytes.</summary>
    public const int MinClusterBitsForSubclusters = 14;

    /// <summary>An entry's size in the L1 table and the refcount table, and in an L2 table without subclusters, in bytes.</summary>
    public const int EntryBytes = 8;

    /// <summary>The maximum length of a file that is written, in bytes: table entries cannot point beyond it.</summary>
    public const long MaxFileLength = 1L << 56;

    // QEMU does not open files with a larger L1 table or a larger refcount table.
    private const long MaxL1Bytes = 32 << 20;
    private const long MaxRefcountTableBytes = 8 << 20;

    private const int SubclustersPerClusterBits = 5;

    /// <summary>A cluster's size, in bytes.</summary>
    public int ClusterSize => 1 << ClusterBits;

    /// <summary>An entry's size in an L2 table, in bytes.</summary>
    public int L2EntryBytes => 1 << L2EntryBits;

    /// <summary>The size of an entry of an L2 table, in 64-bit words.</summary>
    public int L2EntryWords => L2EntryBytes / sizeof(ulong);

    /// <summary>The size of the unit that an L2 entry describes, in bytes: a subcluster, or the cluster where there are none.</summary>
    public int SubclusterSize => 1 << SubclusterBits;

    /// <summary>How many entries an L2 table has.</summary>
    public int EntriesPerTable => 1 << (ClusterBits - L2EntryBits);

    /// <summary>How much of the disk an L2 table maps, in bytes.</summary>
    public long BytesPerTable => 1L << (ClusterBits + ClusterBits - L2EntryBits);

    /// <summary>How many 16-bit refcounts a refcount block has.</summary>
    public int RefcountsPerBlock => ClusterSize / sizeof(ushort);

    /// <summary>The largest refcount table that QEMU opens, in clusters.</summary>
    public long MaxRefcountTableClusters => MaxRefcountTableBytes >> ClusterBits;

    /// <summary>The largest new disk, in bytes. With all its tables it fits into a file that QEMU opens, even if all of it is data.</summary>
    public long MaxVirtualSize => MaxL1Bytes / EntryBytes / 16 * 15 * BytesPerTable;

    private int L2EntryBits => HasSubclusters ? 4 : 3;

    private int SubclusterBits => HasSubclusters ? ClusterBits - SubclustersPerClusterBits : ClusterBits;

    /// <summary>Whether clusters can have a size, in bytes.</summary>
    public static bool IsClusterSize(long bytes) => bytes is >= MinClusterSize and <= MaxClusterSize && PowerOfTwo.Is(bytes);

    /// <summary>The geometry of files with clusters of a size that <see cref="IsClusterSize"/> accepts.</summary>
    public static Qcow2Geometry OfClusterSize(long bytes)
    {
        int bits = 0;
        while (bytes >> bits != 1)
        {
            bits++;
        }

        return new Qcow2Geometry(bits);
    }

    /// <summary>How many L2 tables a disk has; its L1 table needs as many entries.</summary>
    /// <param name="virtualSize">Its size, in bytes.</param>
    public long TablesFor(long virtualSize) => virtualSize == 0 ? 0 : ((virtualSize - 1) >> (ClusterBits + ClusterBits - L2EntryBits)) + 1;

    /// <summary>How many clusters it takes to cover a length.</summary>
    public long ClustersCovering(long bytes) => bytes == 0 ? 0 : ((bytes - 1) >> ClusterBits) + 1;

    /// <summary>The cluster of the disk that holds an offset.</summary>
    public long IndexOf(long offset) => offset >> ClusterBits;

    /// <summary>Where in its cluster an offset is, in bytes.</summary>
    public int OffsetIn(long offset) => (int)(offset & (ClusterSize - 1));

    /// <summary>The subcluster of its cluster that an offset is in; 0 where there are none.</summary>
    public int SubclusterOf(long offset) => OffsetIn(offset) >> SubclusterBits;

    /// <summary>Where a cluster begins, in bytes.</summary>
    public long StartOf(long index) => index << ClusterBits;

    /// <summary>The L1 entry, and so the L2 table, that a cluster's entry is under.</summary>
    public long TableOf(long index) => index >> (ClusterBits - L2EntryBits);

    /// <summary>Which entry of its L2 table a cluster has.</summary>
    public int EntryOf(long index) => (int)(index & (EntriesPerTable - 1));
}
