using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using QedTools.Partitions.FileSystems;

namespace QedTools.Partitions;

/// <summary>The partition table of BIOS disks: four entries in the first sector, and a chain of tables in each extended partition.</summary>
internal static class MbrTable
{
    // Linux gives no larger number to a partition.
    private const int MaxNumber = 255;

    // As Linux: so many tables without a partition end a chain.
    private const int MaxEmptyTables = 100;
    private const int FirstLogical = 5;

    /// <summary>Reads a sector with entries.</summary>
    /// <param name="reader">Reads the disk.</param>
    /// <param name="offset">Where the sector begins, in bytes.</param>
    /// <param name="sector">The entries.</param>
    /// <returns>False if there is none.</returns>
    /// <exception cref="QedException">The disk could not be read.</exception>
    public static bool TryReadSector(PartitionReader reader, ulong offset, out MbrSector sector)
    {
        sector = default;
        return reader.TryGet(offset, MbrSector.Size, out ReadOnlySpan<byte> bytes) && MbrSector.TryRead(bytes, out sector);
    }

    /// <summary>The table that begins in the first sector; null if that sector is something else.</summary>
    /// <param name="reader">Reads the disk.</param>
    /// <param name="first">The first sector.</param>
    /// <param name="sectorSizes">The sizes of sectors that the table may count in, in bytes, the more likely one first.</param>
    /// <exception cref="QedException">The disk could not be read.</exception>
    public static PartitionTable? TryRead(PartitionReader reader, in MbrSector first, IReadOnlyList<int> sectorSizes)
    {
        // The boot sectors of Windows file systems have the same signature, and their text or code where the entries would be.
        if (!first.Entries.All(entry => entry.HasBootIndicator) || FileSystemTable.IsBootSector(reader))
        {
            return null;
        }

        PartitionTable table = Read(reader, first, sectorSizes[0]);
        if (table.Entries.Count == 0)
        {
            return FileSystemTable.Recognize(reader) is null ? table : null;
        }

        // The table does not say what it counts in, but where the partitions are, there are file systems.
        if (sectorSizes.Count > 1 && !HasFileSystem(reader, table))
        {
            PartitionTable other = Read(reader, first, sectorSizes[1]);
            if (other.Entries.All(entry => entry.End <= reader.Length) && HasFileSystem(reader, other))
            {
                return other;
            }
        }

        return table;
    }

    private static bool HasFileSystem(PartitionReader reader, PartitionTable table) => table.Entries.Any(entry =>
        !entry.IsExtended && entry.Start < reader.Length && FileSystemTable.Recognize(reader.Part(entry.Start, entry.Length)) is not null);

    private static PartitionTable Read(PartitionReader reader, in MbrSector first, int sectorSize)
    {
        List<PartitionEntry> entries = [];
        List<string> problems = [];
        for (int i = 0; i < first.Entries.Length; i++)
        {
            if (first.Entries[i].Count > 0)
            {
                entries.Add(ToEntry(i + 1, first.Entries[i], 0, sectorSize));
            }
        }

        int next = FirstLogical;
        foreach (MbrEntry extended in first.Entries.Where(entry => entry.Count > 0 && entry.IsExtended))
        {
            AddLogical(reader, extended, sectorSize, entries, problems, ref next);
        }

        if (first.IsProtective)
        {
            problems.Add("The first sector says that there is a GUID partition table (GPT), but neither of its two copies is valid.");
        }

        return new PartitionTable(QedPartitionTable.Mbr, sectorSize, entries, problems);
    }

    // Each table has the partition, relative to the table itself, and the next table, relative to the extended partition; the others of its four
    // entries are seldom used. What is there in spite of that counts as it does for Linux, so that the numbers are the same.
    private static void AddLogical(
        PartitionReader reader, in MbrEntry extended, int sectorSize, List<PartitionEntry> entries, List<string> problems, ref int next)
    {
        ulong first = extended.Start;
        ulong table = first;
        ulong tableCount = extended.Count;
        HashSet<ulong> seen = [];
        for (int empty = 0; empty < MaxEmptyTables && next <= MaxNumber; empty++)
        {
            if (!seen.Add(table))
            {
                problems.Add(string.Format(CultureInfo.InvariantCulture, "The chain of logical partitions leads back to sector {0}.", table));
                return;
            }

            if (!TryReadSector(reader, table * (ulong)sectorSize, out MbrSector sector))
            {
                problems.Add(string.Format(CultureInfo.InvariantCulture, "The chain of logical partitions leads to sector {0}, where there is no table.", table));
                return;
            }

            for (int i = 0; i < sector.Entries.Length && next <= MaxNumber; i++)
            {
                MbrEntry entry = sector.Entries[i];
                if (entry.Count == 0 || entry.IsExtended || (i >= 2 && !IsWithin(entry, table, tableCount, extended)))
                {
                    continue;
                }

                entries.Add(ToEntry(next++, entry, table, sectorSize));
                empty = 0;
            }

            MbrEntry link = Array.Find(sector.Entries, entry => entry.Count > 0 && entry.IsExtended);
            if (link.Count == 0)
            {
                return;
            }

            table = first + link.Start;
            tableCount = link.Count;
        }

        problems.Add(next > MaxNumber
            ? string.Format(CultureInfo.InvariantCulture, "There are more logical partitions than up to number {0}; the others are left out.", MaxNumber)
            : "The chain of logical partitions has too many tables without a partition; what follows is left out.");
    }

    private static bool IsWithin(in MbrEntry entry, ulong table, ulong tableCount, in MbrEntry extended)
    {
        ulong start = table + entry.Start;
        return (ulong)entry.Start + entry.Count <= tableCount
            && start >= extended.Start
            && start + entry.Count <= (ulong)extended.Start + extended.Count;
    }

    private static PartitionEntry ToEntry(int number, in MbrEntry entry, ulong origin, int sectorSize) => new(
        number,
        PartitionTypes.NameOf(entry.Type),
        string.Format(CultureInfo.InvariantCulture, "0x{0:X2}", entry.Type),
        (long)(origin + entry.Start) * sectorSize,
        (long)entry.Count * sectorSize)
    {
        IsBootable = entry.BootIndicator == 0x80,
        IsExtended = entry.IsExtended,
    };
}
