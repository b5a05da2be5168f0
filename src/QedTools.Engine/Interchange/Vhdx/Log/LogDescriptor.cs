using System;
using System.Buffers.Binary;

namespace QedTools.Interchange.Vhdx.Log;

/// <summary>What an entry does at one place in the file ([MS-VHDX], 2.3.1.2 and 2.3.1.3): zeroes there, or a sector of data.</summary>
/// <param name="IsData">Whether it is a data descriptor, not a zero descriptor.</param>
/// <param name="TrailingBytes">The last 4 bytes of the sector of data, which the log stores here.</param>
/// <param name="LeadingBytes">The first 8 bytes of the sector of data; in a zero descriptor the length, in bytes.</param>
/// <param name="FileOffset">Where in the file, in bytes.</param>
/// <param name="SequenceNumber">The entry's sequence number.</param>
internal readonly record struct LogDescriptor(bool IsData, uint TrailingBytes, ulong LeadingBytes, ulong FileOffset, ulong SequenceNumber)
{
    /// <summary>A descriptor's size, in bytes.</summary>
    public const int Size = 32;

    private static ReadOnlySpan<byte> DataSignature => "desc"u8;

    private static ReadOnlySpan<byte> ZeroSignature => "zero"u8;

    /// <summary>How much of the file it covers, in bytes.</summary>
    public ulong Length => IsData ? LogEntryHeader.SectorSize : LeadingBytes;

    /// <summary>Reads a descriptor.</summary>
    /// <param name="bytes">At least 32 bytes.</param>
    /// <returns>Null if the signature is wrong.</returns>
    public static LogDescriptor? Parse(ReadOnlySpan<byte> bytes)
    {
        bool isData = bytes.StartsWith(DataSignature);
        return isData || bytes.StartsWith(ZeroSignature)
            ? new LogDescriptor(
                isData,
                BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(4)),
                BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(8)),
                BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(16)),
                BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(24)))
            : null;
    }

    /// <summary>Whether the descriptor can belong to an entry.</summary>
    /// <param name="sequenceNumber">The entry's sequence number.</param>
    public bool IsPlausible(ulong sequenceNumber) =>
        SequenceNumber == sequenceNumber
        && FileOffset % LogEntryHeader.SectorSize == 0
        && Length % LogEntryHeader.SectorSize == 0
        && FileOffset <= long.MaxValue
        && Length <= long.MaxValue - FileOffset;
}
