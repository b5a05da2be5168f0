using System;
using System.Buffers.Binary;

namespace QedTools.Interchange.Vhdx.Log;

/// <summary>What a file reads as at one place once its log is replayed.</summary>
/// <param name="Start">Where in the file, in bytes: a multiple of 4096.</param>
/// <param name="End">The first byte after it: likewise.</param>
/// <param name="DataAt">Where in the file the log keeps the sector of data for it, in bytes; null for zeroes.</param>
/// <param name="LeadingBytes">The first 8 bytes of the data.</param>
/// <param name="TrailingBytes">The last 4 bytes of the data.</param>
internal readonly record struct LogPatch(long Start, long End, long? DataAt, ulong LeadingBytes, uint TrailingBytes)
{
    /// <summary>Puts the bytes that the log keeps elsewhere into a sector of data as it is in the log ([MS-VHDX], 2.3.1.4).</summary>
    /// <param name="sector">The sector's 4096 bytes.</param>
    public void Complete(Span<byte> sector)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(sector, LeadingBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(sector.Slice(LogEntryHeader.SectorSize - sizeof(uint)), TrailingBytes);
    }
}
