using System;
using System.Buffers.Binary;
using System.Text;
using QedTools.Tests.Support;

namespace QedTools.Tests.Partitions;

/// <summary>Partition tables written by hand from the specifications, right or wrong.</summary>
internal static class TableSketch
{
    public const string LinuxType = "0FC63DAF-8483-4772-8E79-3D69D8477DE4";

    /// <summary>Writes a sector with up to four entries and the signature.</summary>
    public static void WriteMbr(MemoryStorage storage, long sector, params (byte Type, uint Start, uint Count)[] entries)
    {
        byte[] bytes = new byte[512 - 446];
        for (int i = 0; i < entries.Length; i++)
        {
            bytes[(i * 16) + 4] = entries[i].Type;
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan((i * 16) + 8), entries[i].Start);
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan((i * 16) + 12), entries[i].Count);
        }

        bytes[64] = 0x55;
        bytes[65] = 0xAA;
        storage.Write((sector * 512) + 446, bytes);
    }

    /// <summary>Writes one copy of a GPT.</summary>
    /// <param name="storage">The disk.</param>
    /// <param name="at">The sector of the header.</param>
    /// <param name="other">The sector of the other header.</param>
    /// <param name="entriesAt">The sector of the entries, which are left out if it is not on the disk.</param>
    /// <param name="sectorSize">The size of a sector, in bytes.</param>
    /// <param name="entrySize">The size of an entry, in bytes.</param>
    /// <param name="count">The number of entries.</param>
    /// <param name="partitions">The first and last sectors and the names.</param>
    public static void WriteGpt(
        MemoryStorage storage, long at, long other, long entriesAt, int sectorSize, int entrySize, int count, params (ulong First, ulong Last, string Name)[] partitions)
    {
        byte[] entries = new byte[entrySize * count];
        for (int i = 0; i < partitions.Length; i++)
        {
            Span<byte> entry = entries.AsSpan(i * entrySize);
            new Guid(LinuxType).TryWriteBytes(entry);
            entry[16] = (byte)(i + 1);
            BinaryPrimitives.WriteUInt64LittleEndian(entry[32..], partitions[i].First);
            BinaryPrimitives.WriteUInt64LittleEndian(entry[40..], partitions[i].Last);
            Encoding.Unicode.GetBytes(partitions[i].Name, entry[56..]);
        }

        byte[] header = new byte[sectorSize];
        "EFI PART"u8.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(8), 0x10000);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(12), 92);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(24), at);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(32), other);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(40), 34);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(48), Math.Max(at, other) - 33);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(72), entriesAt);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(80), count);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(84), entrySize);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(88), Crc(entries));
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(16), Crc(header.AsSpan(0, 92)));
        storage.Write(at * sectorSize, header);
        if (entriesAt >= 0 && entriesAt < storage.Length / sectorSize)
        {
            storage.Write(entriesAt * sectorSize, entries);
        }
    }

    /// <summary>A disk with both copies of a GPT and the protective entry.</summary>
    public static MemoryStorage Gpt(
        long sectors = 20480, int sectorSize = 512, int entrySize = 128, int count = 128, params (ulong First, ulong Last, string Name)[] partitions)
    {
        MemoryStorage storage = new("gpt.raw");
        storage.SetLength(sectors * sectorSize);
        WriteMbr(storage, 0, (0xEE, 1, (uint)Math.Min(uint.MaxValue, sectors - 1)));
        long entrySectors = ((entrySize * count) + sectorSize - 1) / sectorSize;
        WriteGpt(storage, 1, sectors - 1, 2, sectorSize, entrySize, count, partitions);
        WriteGpt(storage, sectors - 1, 1, sectors - 1 - entrySectors, sectorSize, entrySize, count, partitions);
        return storage;
    }

    // Bit by bit, from its definition in the UEFI specification (the polynomial of Ethernet).
    private static uint Crc(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (byte one in data)
        {
            crc ^= one;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
            }
        }

        return ~crc;
    }
}
