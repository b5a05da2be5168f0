using System;
using System.Buffers.Binary;
using System.Text;

namespace QedTools.Interchange.Vhd;

/// <summary>The header of a VHD file that is not fixed, after its first footer (VHD 1.0, "Dynamic Disk Header Format"; big-endian).</summary>
/// <param name="TableOffset">Where the block allocation table is, in bytes.</param>
/// <param name="HeaderVersion">0x00010000.</param>
/// <param name="MaxTableEntries">How many blocks the disk has.</param>
/// <param name="BlockSize">A block's size without its bitmap, in bytes.</param>
/// <param name="ParentUniqueId">Identifies the parent of a differencing file.</param>
internal readonly record struct VhdDynamicHeader(
    ulong TableOffset, uint HeaderVersion, uint MaxTableEntries, uint BlockSize, Guid ParentUniqueId)
{
    /// <summary>The header's size, in bytes.</summary>
    public const int Size = 1024;

    /// <summary>The only version.</summary>
    public const uint KnownVersion = 0x00010000;

    private const int ChecksumAt = 36;
    private const int ParentNameAt = 64;
    private const int ParentNameSize = 512;

    /// <summary>When the parent was last written to, in seconds since 2000-01-01 UTC.</summary>
    public uint ParentTimeStamp { get; init; }

    /// <summary>The name of the parent's file, without a folder; empty if there is none.</summary>
    public string ParentName { get; init; } = string.Empty;

    private static ReadOnlySpan<byte> Cookie => "cxsparse"u8;

    /// <summary>Reads a header without validating its fields.</summary>
    /// <param name="bytes">1024 bytes.</param>
    /// <returns>Null if the cookie or the checksum is wrong.</returns>
    public static VhdDynamicHeader? TryParse(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= Size && bytes.StartsWith(Cookie) && VhdChecksum.Of(bytes.Slice(0, Size), ChecksumAt) == BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(ChecksumAt))
            ? new VhdDynamicHeader(
                BinaryPrimitives.ReadUInt64BigEndian(bytes.Slice(16)),
                BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(24)),
                BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(28)),
                BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(32)),
                new Guid(bytes.Slice(40, 16).ToArray()))
            : null;

    /// <summary>The parent's file name as the header keeps it, without a folder; empty if there is none.</summary>
    /// <param name="bytes">The header's 1024 bytes.</param>
    public static string ParentNameIn(ReadOnlySpan<byte> bytes)
    {
        string text = Encoding.BigEndianUnicode.GetString(bytes.Slice(ParentNameAt, ParentNameSize).ToArray());
        int end = text.IndexOf('\0');
        return end < 0 ? text : text.Substring(0, end);
    }

    /// <summary>Writes the header with its checksum.</summary>
    /// <param name="destination">1024 bytes, all zero.</param>
    /// <param name="locators">Where the parent is; at most 8, none without a parent.</param>
    public void WriteTo(Span<byte> destination, ReadOnlySpan<VhdParentLocator> locators)
    {
        Cookie.CopyTo(destination);
        BinaryPrimitives.WriteUInt64BigEndian(destination.Slice(8), VhdFooter.NoOffset);
        BinaryPrimitives.WriteUInt64BigEndian(destination.Slice(16), TableOffset);
        BinaryPrimitives.WriteUInt32BigEndian(destination.Slice(24), HeaderVersion);
        BinaryPrimitives.WriteUInt32BigEndian(destination.Slice(28), MaxTableEntries);
        BinaryPrimitives.WriteUInt32BigEndian(destination.Slice(32), BlockSize);
        ParentUniqueId.ToByteArray().CopyTo(destination.Slice(40));
        BinaryPrimitives.WriteUInt32BigEndian(destination.Slice(56), ParentTimeStamp);
        Encoding.BigEndianUnicode.GetBytes(ParentName).CopyTo(destination.Slice(ParentNameAt, ParentNameSize));
        for (int i = 0; i < locators.Length; i++)
        {
            locators[i].WriteTo(destination, i);
        }

        BinaryPrimitives.WriteUInt32BigEndian(destination.Slice(ChecksumAt), VhdChecksum.Of(destination.Slice(0, Size), ChecksumAt));
    }
}
