using System.Globalization;
using QedTools.Disks;

namespace QedTools.Interchange.Qcow2.Format;

/// <summary>An entry of the L1 table, of an L2 table or of the refcount table ("Cluster mapping").</summary>
/// <param name="Value">The 64 bits.</param>
internal readonly record struct TableEntry(ulong Value)
{
    private const ulong Copied = 1UL << 63;
    private const ulong CompressedFlag = 1UL << 62;
    private const ulong ZeroFlag = 1;
    private const ulong OffsetMask = 0x00FF_FFFF_FFFF_FE00;
    private const ulong ReservedMask = ~(Copied | CompressedFlag | OffsetMask | ZeroFlag);

    /// <summary>The entry of a cluster of zeroes that is not allocated.</summary>
    public static TableEntry Zero => new(ZeroFlag);

    /// <summary>The entry of a cluster, or of an L2 table, that no other entry points to.</summary>
    /// <param name="fileOffset">Where it is, in bytes: a multiple of the cluster size.</param>
    public static TableEntry OnlyReferenceTo(long fileOffset) => new((ulong)fileOffset | Copied);

    /// <summary>The entry of a compressed cluster ("Compressed Clusters Descriptor").</summary>
    /// <param name="fileOffset">Where its data begins, in bytes; below <see cref="CompressedEnd"/>.</param>
    /// <param name="length">How many bytes the data has: 1 to less than a cluster.</param>
    /// <param name="clusterBits">The binary logarithm of a cluster's size in bytes.</param>
    public static TableEntry OfCompressed(long fileOffset, int length, int clusterBits)
    {
        long furtherSectors = ((fileOffset + length - 1) / Sector.Size) - (fileOffset / Sector.Size);
        return new(CompressedFlag | ((ulong)furtherSectors << CompressedOffsetBits(clusterBits)) | (ulong)fileOffset);
    }

    /// <summary>Where the part of a file ends that entries of compressed clusters can point into, in bytes.</summary>
    /// <param name="clusterBits">The binary logarithm of a cluster's size in bytes.</param>
    public static long CompressedEnd(int clusterBits) => 1L << CompressedOffsetBits(clusterBits);

    /// <summary>Where the cluster or the table is in the file, in bytes; 0 for nowhere. Meaningless if it is compressed.</summary>
    public long FileOffset => (long)(Value & OffsetMask);

    /// <summary>Whether the cluster of an entry of an L2 table is compressed.</summary>
    public bool IsCompressed => (Value & CompressedFlag) != 0;

    /// <summary>Whether an entry of an L2 table without subclusters says that the cluster is zeroes.</summary>
    public bool IsZero => (Value & (CompressedFlag | ZeroFlag)) == ZeroFlag;

    /// <summary>Whether the cluster of an entry of an L2 table has a place.</summary>
    /// <param name="hasDataFile">Whether the data is in another file, where 0 can be a valid place.</param>
    public bool HasPlace(bool hasDataFile) => FileOffset != 0 || (hasDataFile && (Value & Copied) != 0);

    /// <summary>Whether an entry of an L2 table has reserved bits set.</summary>
    /// <param name="knowsZero">Whether it can say that the cluster is zeroes: not in version 2, and not where there are subclusters.</param>
    public bool HasReservedBits(bool knowsZero) => !IsCompressed && ((Value & ReservedMask) != 0 || (!knowsZero && (Value & ZeroFlag) != 0));

    /// <summary>Whether an entry of the L1 table has reserved bits set.</summary>
    public bool HasReservedBitsInL1 => (Value & ~(Copied | OffsetMask)) != 0;

    /// <summary>Where the data of a compressed cluster is.</summary>
    /// <param name="clusterBits">The binary logarithm of a cluster's size in bytes.</param>
    public CompressedPlace CompressedPlace(int clusterBits)
    {
        int offsetBits = CompressedOffsetBits(clusterBits);
        ulong descriptor = Value & ~(Copied | CompressedFlag);
        long offset = (long)(descriptor & ((1UL << offsetBits) - 1));
        long sectors = (long)(descriptor >> offsetBits) + 1;
        return new CompressedPlace(offset, (int)((sectors * Sector.Size) - (offset % Sector.Size)));
    }

    private static int CompressedOffsetBits(int clusterBits) => 62 - (clusterBits - 8);

    /// <inheritdoc/>
    public override string ToString() => "0x" + Value.ToString("x", CultureInfo.InvariantCulture);
}
