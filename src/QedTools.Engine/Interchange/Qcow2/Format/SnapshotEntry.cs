using System;
using System.Buffers.Binary;

namespace QedTools.Interchange.Qcow2.Format;

/// <summary>The fields of an entry of the snapshot table ("Snapshots"; big-endian), without the strings that follow them.</summary>
/// <param name="L1Offset">Where the L1 table of the snapshot is, in bytes.</param>
/// <param name="L1Size">How many entries it has.</param>
/// <param name="IdLength">The length of the identifier, in bytes.</param>
/// <param name="NameLength">The length of the name, in bytes.</param>
/// <param name="Seconds">When the snapshot was taken, in seconds since 1970.</param>
/// <param name="ExtraBytes">How many bytes of extra data are before the identifier.</param>
/// <param name="VirtualSize">The disk's size, in bytes; null if the extra data is too short to include it.</param>
internal readonly record struct SnapshotEntry(
    ulong L1Offset, uint L1Size, int IdLength, int NameLength, uint Seconds, uint ExtraBytes, ulong? VirtualSize)
{
    /// <summary>The size of the fields that every entry has, in bytes; extra data follows.</summary>
    public const int FixedBytes = 40;

    /// <summary>The most that <see cref="Parse"/> looks at, in bytes.</summary>
    public const int MaxParsedBytes = 56;

    private const int VirtualSizeAt = 48;

    /// <summary>How many bytes the entry has, with strings and padding.</summary>
    public long PaddedBytes => (StringsAt + IdLength + NameLength + 7) / 8 * 8;

    /// <summary>Where in the entry the identifier is, which the name follows, in bytes.</summary>
    public long StringsAt => FixedBytes + (long)ExtraBytes;

    /// <summary>Reads the fields without validating them.</summary>
    /// <param name="bytes">56 bytes; zeroes past the end of a shorter file.</param>
    public static SnapshotEntry Parse(ReadOnlySpan<byte> bytes)
    {
        uint extraBytes = BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(36));
        return new SnapshotEntry(
            BinaryPrimitives.ReadUInt64BigEndian(bytes),
            BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(8)),
            BinaryPrimitives.ReadUInt16BigEndian(bytes.Slice(12)),
            BinaryPrimitives.ReadUInt16BigEndian(bytes.Slice(14)),
            BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(16)),
            extraBytes,
            extraBytes >= MaxParsedBytes - FixedBytes ? BinaryPrimitives.ReadUInt64BigEndian(bytes.Slice(VirtualSizeAt)) : null);
    }
}
