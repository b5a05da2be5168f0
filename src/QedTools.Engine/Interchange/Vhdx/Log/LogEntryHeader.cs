using System;
using System.Buffers.Binary;
using QedTools.Interchange.Vhdx.Format;

namespace QedTools.Interchange.Vhdx.Log;

/// <summary>The header of a log entry ([MS-VHDX], 2.3.1.1).</summary>
/// <param name="Checksum">The checksum of the whole entry.</param>
/// <param name="EntryLength">The entry's length, in bytes.</param>
/// <param name="Tail">Where in the log the oldest entry is that must be replayed with this one, in bytes.</param>
/// <param name="SequenceNumber">One more than that of the entry before.</param>
/// <param name="DescriptorCount">How many descriptors follow.</param>
/// <param name="LogGuid">Which log it belongs to.</param>
/// <param name="FlushedFileOffset">The file's length on the disk when the entry was written, in bytes: the file must still be that long.</param>
/// <param name="LastFileOffset">The length to which the file must be extended, in bytes.</param>
internal readonly record struct LogEntryHeader(
    uint Checksum,
    uint EntryLength,
    uint Tail,
    ulong SequenceNumber,
    uint DescriptorCount,
    Guid LogGuid,
    ulong FlushedFileOffset,
    ulong LastFileOffset)
{
    /// <summary>The header's size, in bytes; descriptors follow directly.</summary>
    public const int Size = 64;

    /// <summary>The unit that entries are made of, in bytes: their descriptors and each sector of data take whole ones.</summary>
    public const int SectorSize = 4096;

    private static ReadOnlySpan<byte> Signature => "loge"u8;

    /// <summary>How many sectors header and descriptors take.</summary>
    public long DescriptorSectors => ((Size + (DescriptorCount * (long)LogDescriptor.Size)) + SectorSize - 1) / SectorSize;

    /// <summary>How many sectors of data follow the descriptors.</summary>
    public long DataSectors => (EntryLength / SectorSize) - DescriptorSectors;

    /// <summary>Reads a header.</summary>
    /// <param name="bytes">At least 64 bytes.</param>
    /// <returns>Null if the signature is wrong.</returns>
    public static LogEntryHeader? Parse(ReadOnlySpan<byte> bytes) => bytes.StartsWith(Signature)
        ? new LogEntryHeader(
            BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(4)),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(8)),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(12)),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(16)),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(24)),
            GuidBytes.Read(bytes.Slice(32)),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(48)),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(56)))
        : null;

    /// <summary>Whether the fields can be those of an entry of a log, without looking at its contents.</summary>
    /// <param name="logGuid">The log's identity.</param>
    /// <param name="logLength">Its length, in bytes.</param>
    public bool IsPlausible(Guid logGuid, long logLength) =>
        LogGuid == logGuid
        && SequenceNumber > 0
        && EntryLength % SectorSize == 0
        && EntryLength > 0
        && EntryLength <= logLength
        && Tail % SectorSize == 0
        && Tail < logLength
        && DataSectors >= 0;
}
