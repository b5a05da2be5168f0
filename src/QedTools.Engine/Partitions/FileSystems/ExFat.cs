using System;
using System.Buffers.Binary;
using System.Globalization;
using QedTools.Disks;

namespace QedTools.Partitions.FileSystems;

/// <summary>exFAT (exFAT file system specification of Microsoft, 3.1 and 7.3).</summary>
internal static class ExFat
{
    private const byte LabelEntry = 0x83;
    private const int EntrySize = 32;
    private const int MaxLabel = 11;

    /// <summary>The facts; null if it is something else.</summary>
    public static FileSystemFacts? Recognize(PartitionReader reader)
    {
        if (!reader.TryGet(0, 512, out ReadOnlySpan<byte> boot)
            || !boot.Slice(3).StartsWith("EXFAT   "u8)
            || boot[510] != 0x55
            || boot[511] != 0xAA
            || boot[108] is < 9 or > 12
            || boot[109] > 25 - boot[108]
            || boot[110] is < 1 or > 2
            || !ZeroScan.IsZero(boot.Slice(11, 53)))
        {
            return null;
        }

        uint serial = BinaryPrimitives.ReadUInt32LittleEndian(boot.Slice(100));
        return new FileSystemFacts(
            "exFAT", LabelOf(reader, boot), string.Format(CultureInfo.InvariantCulture, "{0:X4}-{1:X4}", serial >> 16, serial & 0xFFFF));
    }

    // It is one of the first entries of the root folder.
    private static string? LabelOf(PartitionReader reader, ReadOnlySpan<byte> boot)
    {
        int sectorShift = boot[108];
        int clusterShift = sectorShift + boot[109];
        ulong heap = (ulong)BinaryPrimitives.ReadUInt32LittleEndian(boot.Slice(88)) << sectorShift;
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(boot.Slice(92));
        uint root = BinaryPrimitives.ReadUInt32LittleEndian(boot.Slice(96));
        if (root < 2 || root - 2 >= count
            || !reader.TryGet(heap + ((ulong)(root - 2) << clusterShift), Math.Min(1 << clusterShift, PartitionReader.MaxRead), out ReadOnlySpan<byte> folder))
        {
            return null;
        }

        for (; folder.Length >= EntrySize && folder[0] != 0; folder = folder.Slice(EntrySize))
        {
            if (folder[0] == LabelEntry)
            {
                return StoredText.Utf16(folder.Slice(2, Math.Min((int)folder[1], MaxLabel) * 2));
            }
        }

        return null;
    }
}
