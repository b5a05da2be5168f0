using System;
using System.Buffers.Binary;

namespace QedTools.Interchange.Qcow2.Format;

/// <summary>
/// The beginning of a file ("Qcow2 Image File Format" in QEMU's documentation, "Header"; big-endian). A file of version 2 has
/// the fields up to <paramref name="SnapshotsOffset"/>.
/// </summary>
/// <param name="Version">2 or 3.</param>
/// <param name="BackingNameOffset">Where the backing file's name is, in bytes; 0 if there is none.</param>
/// <param name="BackingNameSize">The name's length, in bytes; not NUL-terminated.</param>
/// <param name="ClusterBits">The binary logarithm of a cluster's size in bytes.</param>
/// <param name="VirtualSize">The disk's size, in bytes.</param>
/// <param name="CryptMethod">0 for none, 1 for AES, 2 for LUKS.</param>
/// <param name="L1Size">How many entries the L1 table has.</param>
/// <param name="L1TableOffset">Where it is, in bytes.</param>
/// <param name="RefcountTableOffset">Where the refcount table is, in bytes.</param>
/// <param name="RefcountTableClusters">Its size, in clusters.</param>
/// <param name="Snapshots">How many internal snapshots there are.</param>
/// <param name="SnapshotsOffset">Where their table is, in bytes.</param>
/// <param name="Features">The features that a reader must know.</param>
/// <param name="RefcountOrder">The binary logarithm of a refcount's size in bits.</param>
/// <param name="HeaderLength">The header's length, in bytes: where its extensions begin.</param>
/// <param name="CompressionType"><see cref="Deflate"/>, <see cref="Zstd"/>, or one that was added later.</param>
internal readonly record struct Qcow2Header(
    uint Version,
    ulong BackingNameOffset,
    uint BackingNameSize,
    uint ClusterBits,
    ulong VirtualSize,
    uint CryptMethod,
    uint L1Size,
    ulong L1TableOffset,
    ulong RefcountTableOffset,
    uint RefcountTableClusters,
    uint Snapshots,
    ulong SnapshotsOffset,
    Qcow2Features Features,
    uint RefcountOrder,
    uint HeaderLength,
    byte CompressionType)
{
    /// <summary>The length of a header of version 2, in bytes.</summary>
    public const int SizeOfVersion2 = 72;

    /// <summary>The length of the fields that every header of version 3 has, in bytes.</summary>
    public const int SizeOfVersion3 = 104;

    /// <summary>The length of a header that has the field for the compression type, in bytes.</summary>
    public const int SizeWithCompressionType = 112;

    /// <summary>The most that <see cref="Parse"/> looks at, in bytes.</summary>
    public const int MaxBytes = SizeWithCompressionType;

    /// <summary>The longest name of a backing file, in bytes.</summary>
    public const int MaxBackingNameSize = 1023;

    /// <summary>The usual refcount order: 16 bits.</summary>
    public const uint DefaultRefcountOrder = 4;

    /// <summary>The compression type of clusters that are deflated.</summary>
    public const byte Deflate = 0;

    /// <summary>The compression type of clusters that are Zstandard frames.</summary>
    public const byte Zstd = 1;

    private const int CompressionTypeAt = 104;

    /// <summary>The sizes that follow from the fields, once those are validated.</summary>
    public Qcow2Geometry Geometry => new((int)ClusterBits, (Features & Qcow2Features.ExtendedL2) != 0);

    /// <summary>Whether the disk's data is in another file.</summary>
    public bool HasDataFile => (Features & Qcow2Features.ExternalDataFile) != 0;

    private static ReadOnlySpan<byte> Magic => [(byte)'Q', (byte)'F', (byte)'I', 0xFB];

    /// <summary>Whether a file begins as one of this format, or of its predecessor, which has version 1.</summary>
    public static bool HasMagic(ReadOnlySpan<byte> start) => start.StartsWith(Magic);

    /// <summary>The version of a file; null if it is too short to have one.</summary>
    /// <param name="start">The first bytes of the file.</param>
    public static uint? VersionOf(ReadOnlySpan<byte> start) => start.Length < 8 ? null : BinaryPrimitives.ReadUInt32BigEndian(start.Slice(4));

    /// <summary>Reads the fields without validating them.</summary>
    /// <param name="bytes">The first 112 bytes of the file, with zeroes past the end of a shorter one.</param>
    public static Qcow2Header Parse(ReadOnlySpan<byte> bytes)
    {
        uint version = BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(4));
        bool isOld = version < 3;
        uint length = isOld ? SizeOfVersion2 : BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(100));
        return new Qcow2Header(
            version,
            BinaryPrimitives.ReadUInt64BigEndian(bytes.Slice(8)),
            BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(16)),
            BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(20)),
            BinaryPrimitives.ReadUInt64BigEndian(bytes.Slice(24)),
            BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(32)),
            BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(36)),
            BinaryPrimitives.ReadUInt64BigEndian(bytes.Slice(40)),
            BinaryPrimitives.ReadUInt64BigEndian(bytes.Slice(48)),
            BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(56)),
            BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(60)),
            BinaryPrimitives.ReadUInt64BigEndian(bytes.Slice(64)),
            isOld ? Qcow2Features.None : (Qcow2Features)BinaryPrimitives.ReadUInt64BigEndian(bytes.Slice(72)),
            isOld ? DefaultRefcountOrder : BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(96)),
            length,
            isOld || length <= CompressionTypeAt ? (byte)0 : bytes[CompressionTypeAt]);
    }

    /// <summary>Writes the fields that every header of version 3 has, and the compression type if the header is long enough.</summary>
    /// <param name="destination">As many bytes as the header is long, all zero.</param>
    public void WriteTo(Span<byte> destination)
    {
        Magic.CopyTo(destination);
        BinaryPrimitives.WriteUInt32BigEndian(destination.Slice(4), Version);
        BinaryPrimitives.WriteUInt64BigEndian(destination.Slice(8), BackingNameOffset);
        BinaryPrimitives.WriteUInt32BigEndian(destination.Slice(16), BackingNameSize);
        BinaryPrimitives.WriteUInt32BigEndian(destination.Slice(20), ClusterBits);
        BinaryPrimitives.WriteUInt64BigEndian(destination.Slice(24), VirtualSize);
        BinaryPrimitives.WriteUInt32BigEndian(destination.Slice(32), CryptMethod);
        BinaryPrimitives.WriteUInt32BigEndian(destination.Slice(36), L1Size);
        BinaryPrimitives.WriteUInt64BigEndian(destination.Slice(40), L1TableOffset);
        BinaryPrimitives.WriteUInt64BigEndian(destination.Slice(48), RefcountTableOffset);
        BinaryPrimitives.WriteUInt32BigEndian(destination.Slice(56), RefcountTableClusters);
        BinaryPrimitives.WriteUInt32BigEndian(destination.Slice(60), Snapshots);
        BinaryPrimitives.WriteUInt64BigEndian(destination.Slice(64), SnapshotsOffset);
        BinaryPrimitives.WriteUInt64BigEndian(destination.Slice(72), (ulong)Features);
        BinaryPrimitives.WriteUInt32BigEndian(destination.Slice(96), RefcountOrder);
        BinaryPrimitives.WriteUInt32BigEndian(destination.Slice(100), HeaderLength);
        if (HeaderLength > CompressionTypeAt)
        {
            destination[CompressionTypeAt] = CompressionType;
        }
    }
}
