using System;
using System.Buffers.Binary;
using System.Globalization;
using QedTools.Disks;

namespace QedTools.Partitions.FileSystems;

/// <summary>FAT12, FAT16 and FAT32 (Microsoft's FAT specification of 2000). Which of them it is, the number of clusters says.</summary>
internal static class Fat
{
    private const int MaxClusters12 = 4084;
    private const int MaxClusters16 = 65524;
    private const int EntrySize = 32;
    private const byte IsVolumeLabel = 0x08;
    private const byte LongName = 0x0F;
    private const byte Deleted = 0xE5;
    private const uint InfoSignature = 0x41615252;
    private const uint InfoSignature2 = 0x61417272;

    /// <summary>The facts; null if it is something else.</summary>
    public static FileSystemFacts? Recognize(PartitionReader reader)
    {
        if (!reader.TryGet(0, 512, out ReadOnlySpan<byte> boot))
        {
            return null;
        }

        Layout layout = Layout.Read(boot);
        if (!layout.IsPossible || !HasSignature(boot))
        {
            return null;
        }

        string name = layout.Is32 ? "FAT32" : layout.Clusters <= MaxClusters12 ? "FAT12" : "FAT16";
        ReadOnlySpan<byte> extended = boot.Slice(layout.Is32 ? 64 : 36);
        bool hasExtended = extended[2] is 0x28 or 0x29;
        uint serial = BinaryPrimitives.ReadUInt32LittleEndian(extended.Slice(3));
        return new FileSystemFacts(
            name,
            LabelOf(reader, layout, out bool hasFolder) ?? (hasExtended && !hasFolder ? BootLabel(extended.Slice(7, 11)) : null),
            hasExtended && serial != 0 ? string.Format(CultureInfo.InvariantCulture, "{0:X4}-{1:X4}", serial >> 16, serial & 0xFFFF) : null,
            layout.Is32 ? UsedOf32(reader, boot, layout) : null);
    }

    // Without the name of the file system, the signature of boot sectors and the jump at the beginning must do.
    private static bool HasSignature(ReadOnlySpan<byte> boot) =>
        boot.Slice(54).StartsWith("FAT"u8)
        || boot.Slice(82).StartsWith("FAT32"u8)
        || (boot[510] == 0x55 && boot[511] == 0xAA && ((boot[0] == 0xEB && boot[2] == 0x90) || boot[0] == 0xE9));

    private static string? BootLabel(ReadOnlySpan<byte> field) => StoredText.CodePage(field) is { } label && label != "NO NAME" ? label : null;

    // The label is an entry of the root folder; the one in the boot sector may be older.
    private static string? LabelOf(PartitionReader reader, in Layout layout, out bool hasFolder)
    {
        hasFolder = reader.TryGet(layout.RootAt, Math.Min(layout.RootBytes, PartitionReader.MaxRead), out ReadOnlySpan<byte> folder);
        for (; folder.Length >= EntrySize && folder[0] != 0; folder = folder.Slice(EntrySize))
        {
            byte attributes = folder[11];
            if (folder[0] != Deleted && (attributes & IsVolumeLabel) != 0 && (attributes & LongName) != LongName)
            {
                return StoredText.CodePage(folder.Slice(0, 11));
            }
        }

        return null;
    }

    private static long? UsedOf32(PartitionReader reader, ReadOnlySpan<byte> boot, in Layout layout)
    {
        ulong at = (ulong)BinaryPrimitives.ReadUInt16LittleEndian(boot.Slice(48)) * (ulong)layout.SectorSize;
        if (at == 0
            || !reader.TryGet(at, 512, out ReadOnlySpan<byte> info)
            || BinaryPrimitives.ReadUInt32LittleEndian(info) != InfoSignature
            || BinaryPrimitives.ReadUInt32LittleEndian(info.Slice(484)) != InfoSignature2)
        {
            return null;
        }

        uint free = BinaryPrimitives.ReadUInt32LittleEndian(info.Slice(488));
        return FileSystemFacts.Used((ulong)layout.Clusters, free, (ulong)layout.ClusterSize);
    }

    /// <summary>Where what is, as the boot sector says.</summary>
    private readonly record struct Layout(bool IsPossible, bool Is32, int SectorSize, int ClusterSize, long Clusters, ulong RootAt, int RootBytes)
    {
        public static Layout Read(ReadOnlySpan<byte> boot)
        {
            int sectorSize = BinaryPrimitives.ReadUInt16LittleEndian(boot.Slice(11));
            int perCluster = boot[13];
            int reserved = BinaryPrimitives.ReadUInt16LittleEndian(boot.Slice(14));
            int tables = boot[16];
            int rootEntries = BinaryPrimitives.ReadUInt16LittleEndian(boot.Slice(17));
            long sectors = BinaryPrimitives.ReadUInt16LittleEndian(boot.Slice(19));
            byte media = boot[21];
            long tableSectors = BinaryPrimitives.ReadUInt16LittleEndian(boot.Slice(22));
            if (sectorSize is < 512 or > 4096 || !PowerOfTwo.Is(sectorSize) || !PowerOfTwo.Is(perCluster)
                || reserved == 0 || tables == 0 || (media < 0xF8 && media != 0xF0))
            {
                return default;
            }

            sectors = sectors == 0 ? BinaryPrimitives.ReadUInt32LittleEndian(boot.Slice(32)) : sectors;
            bool is32 = tableSectors == 0;
            tableSectors = is32 ? BinaryPrimitives.ReadUInt32LittleEndian(boot.Slice(36)) : tableSectors;
            long rootSectors = ((rootEntries * EntrySize) + sectorSize - 1) / sectorSize;
            long rootAt = reserved + (tables * tableSectors);
            long dataAt = rootAt + rootSectors;
            long clusters = (sectors - dataAt) / perCluster;
            if (tableSectors == 0 || dataAt >= sectors || (!is32 && (clusters > MaxClusters16 || rootEntries == 0)))
            {
                return default;
            }

            int clusterSize = sectorSize * perCluster;
            uint rootCluster = BinaryPrimitives.ReadUInt32LittleEndian(boot.Slice(44));
            return is32
                ? new Layout(
                    true, true, sectorSize, clusterSize, clusters, ((ulong)dataAt * (ulong)sectorSize) + ((ulong)Math.Max(0, rootCluster - 2L) * (ulong)clusterSize), clusterSize)
                : new Layout(true, false, sectorSize, clusterSize, clusters, (ulong)rootAt * (ulong)sectorSize, rootEntries * EntrySize);
        }
    }
}
