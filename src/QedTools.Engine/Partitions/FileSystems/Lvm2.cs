using System;
using System.Buffers.Binary;
using System.Text;

namespace QedTools.Partitions.FileSystems;

/// <summary>A physical volume of LVM2: a label in one of the first four sectors (lib/format_text/layout.h of LVM2).</summary>
internal static class Lvm2
{
    private const uint CrcStart = 0xF597A6CF;
    private const int LabelSectors = 4;
    private const int SectorSize = 512;
    private const int CrcFrom = 20;
    private const int IdLength = 32;

    /// <summary>The facts; null if it is something else.</summary>
    public static FileSystemFacts? Recognize(PartitionReader reader)
    {
        for (int sector = 0; sector < LabelSectors; sector++)
        {
            if (!reader.TryGet((ulong)(sector * SectorSize), SectorSize, out ReadOnlySpan<byte> label))
            {
                return null;
            }

            if (label.StartsWith("LABELONE"u8)
                && BinaryPrimitives.ReadUInt64LittleEndian(label.Slice(8)) == (ulong)sector
                && label.Slice(24).StartsWith("LVM2 001"u8)
                && Crc32.Append(CrcStart, label.Slice(CrcFrom)) == BinaryPrimitives.ReadUInt32LittleEndian(label.Slice(16)))
            {
                return new FileSystemFacts("LVM2", Id: IdOf(label));
            }
        }

        return null;
    }

    // In groups of 6, 4, 4, 4, 4, 4 and 6 characters.
    private static string? IdOf(ReadOnlySpan<byte> label)
    {
        uint at = BinaryPrimitives.ReadUInt32LittleEndian(label.Slice(20));
        if (at > SectorSize - IdLength)
        {
            return null;
        }

        StringBuilder id = new();
        for (int i = 0; i < IdLength; i++)
        {
            byte sign = label[(int)at + i];
            id.Append(i is 6 or 10 or 14 or 18 or 22 or 26 ? "-" : string.Empty).Append(sign is > 0x20 and < 0x7F ? (char)sign : '?');
        }

        return id.ToString();
    }
}
