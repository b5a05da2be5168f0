using System;
using System.Buffers.Binary;

namespace QedTools.Interchange.Vhdx.Format;

/// <summary>One of the two headers of a VHDX file ([MS-VHDX], 2.2.2). The valid one with the greater sequence number counts.</summary>
/// <param name="SequenceNumber">Grows with each header that is written.</param>
/// <param name="FileWriteGuid">Changes when the file is written to.</param>
/// <param name="DataWriteGuid">Changes when the disk's contents change; a differencing file names its parent's.</param>
/// <param name="LogGuid">Which log entries are valid; all zero if there is nothing to replay.</param>
/// <param name="LogVersion">The log's format; 0.</param>
/// <param name="Version">The file's format; 1.</param>
/// <param name="LogLength">The log's length, in bytes.</param>
/// <param name="LogOffset">Where the log is in the file, in bytes.</param>
internal readonly record struct VhdxHeader(
    ulong SequenceNumber,
    Guid FileWriteGuid,
    Guid DataWriteGuid,
    Guid LogGuid,
    ushort LogVersion,
    ushort Version,
    uint LogLength,
    ulong LogOffset)
{
    /// <summary>A header's size, in bytes; its checksum covers all of it.</summary>
    public const int Size = 4096;

    /// <summary>Where the first header is, in bytes.</summary>
    public const long FirstOffset = 64 << 10;

    /// <summary>Where the second header is, in bytes.</summary>
    public const long SecondOffset = 128 << 10;

    /// <summary>The only version of the format.</summary>
    public const ushort OnlyVersion = 1;

    private static ReadOnlySpan<byte> Signature => "head"u8;

    /// <summary>Reads a header.</summary>
    /// <param name="bytes">Its 4096 bytes.</param>
    /// <returns>Null if its signature or its checksum is wrong.</returns>
    public static VhdxHeader? Parse(ReadOnlySpan<byte> bytes) =>
        bytes.StartsWith(Signature)
        && BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(Crc32C.FieldOffset)) == Crc32C.OfStructure(bytes)
            ? new VhdxHeader(
                BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(8)),
                GuidBytes.Read(bytes.Slice(16)),
                GuidBytes.Read(bytes.Slice(32)),
                GuidBytes.Read(bytes.Slice(48)),
                BinaryPrimitives.ReadUInt16LittleEndian(bytes.Slice(64)),
                BinaryPrimitives.ReadUInt16LittleEndian(bytes.Slice(66)),
                BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(68)),
                BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(72)))
            : null;

    /// <summary>Which of a file's two headers counts.</summary>
    /// <returns>Null if neither does: neither is valid, or both are valid and differ, but neither is newer.</returns>
    public static VhdxHeader? Current(VhdxHeader? first, VhdxHeader? second) => (first, second) switch
    {
        (null, _) => second,
        (_, null) => first,
        ({ } one, { } other) when one.SequenceNumber == other.SequenceNumber => one == other ? one : null, // Disk2vhd writes one header twice
        ({ } one, { } other) => one.SequenceNumber > other.SequenceNumber ? one : other,
    };

    /// <summary>Writes the header with its checksum.</summary>
    /// <param name="destination">4096 bytes, all zero.</param>
    public void WriteTo(Span<byte> destination)
    {
        Signature.CopyTo(destination);
        BinaryPrimitives.WriteUInt64LittleEndian(destination.Slice(8), SequenceNumber);
        GuidBytes.Write(FileWriteGuid, destination.Slice(16));
        GuidBytes.Write(DataWriteGuid, destination.Slice(32));
        GuidBytes.Write(LogGuid, destination.Slice(48));
        BinaryPrimitives.WriteUInt16LittleEndian(destination.Slice(64), LogVersion);
        BinaryPrimitives.WriteUInt16LittleEndian(destination.Slice(66), Version);
        BinaryPrimitives.WriteUInt32LittleEndian(destination.Slice(68), LogLength);
        BinaryPrimitives.WriteUInt64LittleEndian(destination.Slice(72), LogOffset);
        BinaryPrimitives.WriteUInt32LittleEndian(destination.Slice(Crc32C.FieldOffset), Crc32C.OfStructure(destination.Slice(0, Size)));
    }
}
