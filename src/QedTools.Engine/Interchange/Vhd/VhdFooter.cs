using System;
using System.Buffers.Binary;

namespace QedTools.Interchange.Vhd;

/// <summary>The 512 bytes at the end of a VHD file, and at the start of one that is not fixed (VHD 1.0, "Hard Disk Footer Format"; big-endian).</summary>
/// <param name="Version">File Format Version; 0x00010000.</param>
/// <param name="DataOffset">Where the dynamic disk header is, in bytes; all ones in a fixed file.</param>
/// <param name="TimeStamp">When the file was made, in seconds since 2000-01-01 UTC.</param>
/// <param name="CurrentSize">The disk's size, in bytes.</param>
/// <param name="DiskType">How the disk is stored.</param>
/// <param name="UniqueId">Identifies the file to its children.</param>
internal readonly record struct VhdFooter(
    uint Version, ulong DataOffset, uint TimeStamp, ulong CurrentSize, VhdDiskType DiskType, Guid UniqueId)
{
    /// <summary>The footer's size, in bytes.</summary>
    public const int Size = 512;

    /// <summary>The footer's size before Virtual PC 2004, in bytes.</summary>
    public const int OldSize = 511;

    /// <summary>The only version.</summary>
    public const uint KnownVersion = 0x00010000;

    /// <summary>An offset that points nowhere.</summary>
    public const ulong NoOffset = ulong.MaxValue;

    private const int ChecksumAt = 64;
    private const uint ReservedFeature = 2;

    // Readers that do not know a file's creator use the size that the geometry gives, which differs. This is the
    // creator whose sizes all readers use as they are: Windows.
    private static ReadOnlySpan<byte> Creator => "win \0\u0006\0\u0001Wi2k"u8;

    private static ReadOnlySpan<byte> Cookie => "conectix"u8;

    /// <summary>Whether bytes begin like a footer.</summary>
    public static bool HasCookie(ReadOnlySpan<byte> bytes) => bytes.StartsWith(Cookie);

    /// <summary>Reads a footer without validating its fields.</summary>
    /// <param name="bytes">512 bytes.</param>
    /// <returns>Null if the cookie or the checksum is wrong.</returns>
    public static VhdFooter? TryParse(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= Size && HasCookie(bytes) && VhdChecksum.Of(bytes.Slice(0, Size), ChecksumAt) == BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(ChecksumAt))
            ? new VhdFooter(
                BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(12)),
                BinaryPrimitives.ReadUInt64BigEndian(bytes.Slice(16)),
                BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(24)),
                BinaryPrimitives.ReadUInt64BigEndian(bytes.Slice(48)),
                (VhdDiskType)BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(60)),
                new Guid(bytes.Slice(68, 16).ToArray()))
            : null;

    /// <summary>Writes the footer with its checksum.</summary>
    /// <param name="destination">512 bytes, all zero.</param>
    public void WriteTo(Span<byte> destination)
    {
        Cookie.CopyTo(destination);
        BinaryPrimitives.WriteUInt32BigEndian(destination.Slice(8), ReservedFeature);
        BinaryPrimitives.WriteUInt32BigEndian(destination.Slice(12), Version);
        BinaryPrimitives.WriteUInt64BigEndian(destination.Slice(16), DataOffset);
        BinaryPrimitives.WriteUInt32BigEndian(destination.Slice(24), TimeStamp);
        Creator.CopyTo(destination.Slice(28));
        BinaryPrimitives.WriteUInt64BigEndian(destination.Slice(40), CurrentSize);
        BinaryPrimitives.WriteUInt64BigEndian(destination.Slice(48), CurrentSize);
        VhdGeometry geometry = VhdGeometry.Of((long)CurrentSize);
        BinaryPrimitives.WriteUInt16BigEndian(destination.Slice(56), (ushort)geometry.Cylinders);
        destination[58] = (byte)geometry.Heads;
        destination[59] = (byte)geometry.SectorsPerTrack;
        BinaryPrimitives.WriteUInt32BigEndian(destination.Slice(60), (uint)DiskType);
        UniqueId.ToByteArray().CopyTo(destination.Slice(68));
        BinaryPrimitives.WriteUInt32BigEndian(destination.Slice(ChecksumAt), VhdChecksum.Of(destination.Slice(0, Size), ChecksumAt));
    }
}
