using System;
using System.Buffers.Binary;
using System.Globalization;

namespace QedTools.Partitions.FileSystems;

/// <summary>NTFS: the boot sector, and for the label the record of the volume in the master file table.</summary>
internal static class Ntfs
{
    private const int SectorSize = 512;
    private const int VolumeRecord = 3;
    private const uint VolumeNameAttribute = 0x60;
    private const uint EndOfAttributes = 0xFFFFFFFF;
    private const int MaxRecordSize = 64 << 10;
    private const int MinAttribute = 24;

    /// <summary>The facts; null if it is something else.</summary>
    public static FileSystemFacts? Recognize(PartitionReader reader)
    {
        if (!reader.TryGet(0, 512, out ReadOnlySpan<byte> boot) || !boot.Slice(3).StartsWith("NTFS    "u8))
        {
            return null;
        }

        int sectorSize = BinaryPrimitives.ReadUInt16LittleEndian(boot.Slice(11));
        long clusterSize = (long)sectorSize * SectorsPerCluster(boot[13]);
        ulong sectors = BinaryPrimitives.ReadUInt64LittleEndian(boot.Slice(40));

        // What a FAT has in these fields, NTFS has not.
        bool hasFields = boot[14] != 0 || boot[15] != 0 || boot[16] != 0 || boot[17] != 0 || boot[18] != 0 || boot[22] != 0 || boot[23] != 0;
        if (sectorSize is < 256 or > 4096 || (sectorSize & (sectorSize - 1)) != 0 || clusterSize == 0 || hasFields || sectors == 0)
        {
            return null;
        }

        ulong serial = BinaryPrimitives.ReadUInt64LittleEndian(boot.Slice(72));
        return new FileSystemFacts(
            "NTFS", LabelOf(reader, boot, clusterSize), serial == 0 ? null : serial.ToString("X16", CultureInfo.InvariantCulture));
    }

    // A power of two, or above 0x80 the logarithm, negated. 0 for anything else.
    private static int SectorsPerCluster(byte value) => value switch
    {
        >= 1 and <= 128 when (value & (value - 1)) == 0 => value,
        >= 244 => 1 << (256 - value),
        _ => 0,
    };

    private static string? LabelOf(PartitionReader reader, ReadOnlySpan<byte> boot, long clusterSize)
    {
        sbyte perRecord = (sbyte)boot[64];
        long recordSize = perRecord > 0 ? perRecord * clusterSize : perRecord < -30 ? 0 : 1L << -perRecord;
        ulong table = BinaryPrimitives.ReadUInt64LittleEndian(boot.Slice(48));
        if (recordSize is < SectorSize or > MaxRecordSize || recordSize % SectorSize != 0 || table > (ulong)(reader.Length / clusterSize))
        {
            return null;
        }

        ulong at = (table * (ulong)clusterSize) + (VolumeRecord * (ulong)recordSize);
        if (!reader.TryGet(at, (int)recordSize, out ReadOnlySpan<byte> stored) || !stored.StartsWith("FILE"u8))
        {
            return null;
        }

        byte[] record = stored.ToArray();
        return Restore(record) ? LabelIn(record) : null;
    }

    // The last two bytes of each sector are kept at the beginning of the record.
    private static bool Restore(Span<byte> record)
    {
        int at = BinaryPrimitives.ReadUInt16LittleEndian(record.Slice(4));
        int count = BinaryPrimitives.ReadUInt16LittleEndian(record.Slice(6));
        if (count != (record.Length / SectorSize) + 1 || at + (count * 2) > SectorSize - 2)
        {
            return false;
        }

        for (int i = 1; i < count; i++)
        {
            record.Slice(at + (i * 2), 2).CopyTo(record.Slice((i * SectorSize) - 2));
        }

        return true;
    }

    private static string? LabelIn(ReadOnlySpan<byte> record)
    {
        int at = BinaryPrimitives.ReadUInt16LittleEndian(record.Slice(20));
        while (at + MinAttribute <= record.Length)
        {
            ReadOnlySpan<byte> attribute = record.Slice(at);
            uint type = BinaryPrimitives.ReadUInt32LittleEndian(attribute);
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(attribute.Slice(4));
            if (type == EndOfAttributes || length < MinAttribute || length > (uint)attribute.Length)
            {
                return null;
            }

            if (type == VolumeNameAttribute)
            {
                uint size = BinaryPrimitives.ReadUInt32LittleEndian(attribute.Slice(16));
                int from = BinaryPrimitives.ReadUInt16LittleEndian(attribute.Slice(20));
                return attribute[8] == 0 && size <= length && from <= length - size ? StoredText.Utf16(attribute.Slice(from, (int)size)) : null;
            }

            at += (int)length;
        }

        return null;
    }
}
