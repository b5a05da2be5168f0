using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace QedTools.Partitions;

/// <summary>The GUID partition table, of which a disk has two copies: one behind its first sector and one at its end (UEFI specification, 5.3).</summary>
internal static class GptTable
{
    private const int ProtectiveSectors = 1;

    /// <summary>The table; null if neither copy is valid for sectors of this size.</summary>
    /// <param name="reader">Reads the disk.</param>
    /// <param name="first">The first sector; if it is a protective one, it knows where the disk ended when the table was made.</param>
    /// <param name="sectorSize">The size of the sectors, in bytes.</param>
    /// <exception cref="QedException">The disk could not be read.</exception>
    public static PartitionTable? TryRead(PartitionReader reader, in MbrSector first, int sectorSize)
    {
        if (reader.Length < 3L * sectorSize)
        {
            return null;
        }

        ulong last = (ulong)(reader.Length / sectorSize) - 1;
        Copy primary = Read(reader, ProtectiveSectors, sectorSize);
        Copy backup = FindBackup(reader, first, primary, last, sectorSize);
        if (!primary.IsValid && !backup.IsValid)
        {
            return null;
        }

        List<string> problems = [.. ProblemsOf(primary, backup, last)];
        Copy used = primary.IsValid ? primary : backup;
        List<PartitionEntry> entries = [.. EntriesOf(used, sectorSize, problems)];
        return new PartitionTable(QedPartitionTable.Gpt, sectorSize, entries, problems)
        {
            BackupBytes = sectorSize + ((used.Header.EntriesBytes + sectorSize - 1) / sectorSize * sectorSize),
            BackupEnd = backup.IsValid ? (long)(backup.Header.Sector + 1) * sectorSize : null,
        };
    }

    /// <summary>Whether the first copy of the table is valid, whatever the first sector says.</summary>
    /// <param name="reader">Reads the disk.</param>
    /// <param name="sectorSize">The size of the sectors, in bytes.</param>
    /// <exception cref="QedException">The disk could not be read.</exception>
    public static bool HasPrimary(PartitionReader reader, int sectorSize) => Read(reader, ProtectiveSectors, sectorSize).IsValid;

    // It is where the other copy says or, if there is none, at the end. A disk that has grown has it where its end was, which the first sector knows.
    private static Copy FindBackup(PartitionReader reader, in MbrSector first, in Copy primary, ulong last, int sectorSize)
    {
        List<ulong> places = [];
        if (primary.IsValid)
        {
            places.Add(primary.Header.OtherSector);
        }

        places.Add(last);
        if (!primary.IsValid)
        {
            places.AddRange(first.Entries.Where(entry => entry.Type == MbrEntry.Protective).Select(entry => (ulong)entry.Start + entry.Count - 1));
        }

        Copy found = default;
        foreach (ulong place in places.Distinct().Where(place => place > ProtectiveSectors && place <= last))
        {
            Copy copy = Read(reader, place, sectorSize);
            if (copy.IsValid)
            {
                return copy;
            }

            found = found.Problem is null ? copy : found;
        }

        return found.Problem is null ? new Copy(default, null, "is not on the disk") : found;
    }

    private static IEnumerable<string> ProblemsOf(Copy primary, Copy backup, ulong last)
    {
        if (!primary.IsValid)
        {
            yield return $"The first copy of the partition table (GPT) {primary.Problem}; the backup at the end of the disk is used.";
        }
        else if (!backup.IsValid)
        {
            yield return $"The backup of the partition table (GPT) {backup.Problem}; the first copy is used.";
        }
        else if (primary.Header.EntriesCrc != backup.Header.EntriesCrc
            || primary.Header.DiskId != backup.Header.DiskId
            || primary.Header.EntryCount != backup.Header.EntryCount
            || primary.Header.EntrySize != backup.Header.EntrySize)
        {
            yield return "The two copies of the partition table (GPT) disagree; the first one is used.";
        }

        if (backup.IsValid && backup.Header.Sector != last)
        {
            yield return string.Format(
                CultureInfo.InvariantCulture,
                "The backup of the partition table (GPT) is in sector {0} and not in the last one of the disk, {1}.",
                backup.Header.Sector,
                last);
        }
    }

    private static IEnumerable<PartitionEntry> EntriesOf(Copy copy, int sectorSize, List<string> problems)
    {
        int count = 0;
        for (int i = 0; i < copy.Header.EntryCount; i++)
        {
            GptEntry entry = GptEntry.Read(copy.Entries.AsSpan(i * (int)copy.Header.EntrySize));
            if (entry.Type == Guid.Empty)
            {
                continue;
            }

            if (entry.Last < entry.First || entry.Last >= (ulong)(long.MaxValue / sectorSize))
            {
                problems.Add(string.Format(
                    CultureInfo.InvariantCulture, "Partition {0}, from sector {1} to {2}, is not possible and left out.", i + 1, entry.First, entry.Last));
                continue;
            }

            if (count++ == PartitionTable.MaxPartitions)
            {
                problems.Add(string.Format(CultureInfo.InvariantCulture, "There are more than {0} partitions; the others are left out.", PartitionTable.MaxPartitions));
                yield break;
            }

            yield return new PartitionEntry(
                i + 1,
                PartitionTypes.NameOf(entry.Type),
                entry.Type.ToString("D").ToUpperInvariant(),
                (long)entry.First * sectorSize,
                (long)(entry.Last - entry.First + 1) * sectorSize)
            {
                Name = entry.Name,
                Guid = entry.Id,
                IsBootable = entry.IsBootable,
            };
        }
    }

    private static Copy Read(PartitionReader reader, ulong sector, int sectorSize)
    {
        if (!reader.TryGet(sector * (ulong)sectorSize, sectorSize, out ReadOnlySpan<byte> bytes))
        {
            return new Copy(default, null, "is not on the disk");
        }

        if (!GptHeader.TryRead(bytes, sector, out GptHeader header, out string problem))
        {
            return new Copy(default, null, problem);
        }

        byte[] entries = new byte[header.EntriesBytes];
        for (int done = 0; done < entries.Length;)
        {
            int count = Math.Min(entries.Length - done, PartitionReader.MaxRead);
            if (header.EntriesAt > (ulong)(reader.Length / sectorSize)
                || !reader.TryGet((header.EntriesAt * (ulong)sectorSize) + (ulong)done, count, out bytes))
            {
                return new Copy(default, null, "has entries that are not on the disk");
            }

            bytes.CopyTo(entries.AsSpan(done));
            done += count;
        }

        return Crc32.Of(entries) == header.EntriesCrc
            ? new Copy(header, entries, null)
            : new Copy(default, null, "has entries with a wrong checksum");
    }

    // One copy of the table; without entries, what is wrong with it.
    private readonly record struct Copy(GptHeader Header, byte[]? Entries, string? Problem)
    {
        public bool IsValid => Entries is not null;
    }
}
