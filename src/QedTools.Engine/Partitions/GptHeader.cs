using System;
using System.Buffers.Binary;

namespace QedTools.Partitions;

/// <summary>The header of one of the two copies of a GUID partition table (UEFI specification, 5.3.2).</summary>
/// <param name="Sector">The sector that it is in.</param>
/// <param name="OtherSector">The sector that the header of the other copy is in.</param>
/// <param name="FirstUsable">The first sector that partitions may use.</param>
/// <param name="LastUsable">The last one.</param>
/// <param name="DiskId">The GUID of the disk.</param>
/// <param name="EntriesAt">The sector that the entries begin in.</param>
/// <param name="EntryCount">The number of entries, used or not.</param>
/// <param name="EntrySize">The size of an entry, in bytes.</param>
/// <param name="EntriesCrc">The checksum of all entries.</param>
internal readonly record struct GptHeader(
    ulong Sector, ulong OtherSector, ulong FirstUsable, ulong LastUsable, Guid DiskId, ulong EntriesAt, uint EntryCount, uint EntrySize, uint EntriesCrc)
{
    private const ulong Signature = 0x5452415020494645; // "EFI PART"
    private const uint MinSize = 92;
    private const int CrcAt = 16;

    // A table of more would be a claim, not a table: usual are 16 KiB.
    private const ulong MaxEntriesBytes = 4 << 20;

    /// <summary>The length of all entries, in bytes.</summary>
    public long EntriesBytes => (long)EntryCount * EntrySize;

    /// <summary>Reads a header.</summary>
    /// <param name="bytes">The sector.</param>
    /// <param name="sector">Its number.</param>
    /// <param name="header">The header.</param>
    /// <param name="problem">What is wrong with it, as the end of a sentence.</param>
    /// <returns>False if it is not valid.</returns>
    public static bool TryRead(ReadOnlySpan<byte> bytes, ulong sector, out GptHeader header, out string problem)
    {
        header = default;
        if (BinaryPrimitives.ReadUInt64LittleEndian(bytes) != Signature)
        {
            problem = "has no header";
            return false;
        }

        uint size = BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(12));
        if (size < MinSize || size > bytes.Length || Checksum(bytes.Slice(0, (int)size)) != BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(CrcAt)))
        {
            problem = "has a header with a wrong checksum";
            return false;
        }

        header = new GptHeader(
            BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(24)),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(32)),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(40)),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(48)),
            GptEntry.ReadGuid(bytes.Slice(56)),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(72)),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(80)),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(84)),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(88)));
        problem = header.Sector != sector ? "has a header that belongs to another place"
            : header.EntryCount == 0 || header.EntrySize < GptEntry.Size || header.EntrySize % GptEntry.Size != 0 || (ulong)header.EntryCount * header.EntrySize > MaxEntriesBytes
                ? "has entries of a number or a size that is not possible"
                : string.Empty;
        return problem.Length == 0;
    }

    // The field of the checksum counts as zero.
    private static uint Checksum(ReadOnlySpan<byte> header)
    {
        uint crc = Crc32.Append(uint.MaxValue, header.Slice(0, CrcAt));
        crc = Crc32.Append(crc, stackalloc byte[4]);
        return ~Crc32.Append(crc, header.Slice(CrcAt + 4));
    }
}
