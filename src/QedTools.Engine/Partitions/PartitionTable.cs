using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using QedTools.Disks;
using QedTools.Partitions.FileSystems;

namespace QedTools.Partitions;

/// <summary>The partition table of a disk.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="SectorSize">The size of the sectors that it counts in, in bytes.</param>
/// <param name="Entries">The partitions, in the order of their numbers.</param>
/// <param name="Problems">What is wrong with the table, each as a sentence without the disk's name.</param>
internal sealed record PartitionTable(
    QedPartitionTable Kind, int SectorSize, IReadOnlyList<PartitionEntry> Entries, IReadOnlyList<string> Problems)
{
    /// <summary>The most partitions that are listed.</summary>
    public const int MaxPartitions = 1024;

    private const int MaxProblems = 20;
    private const int LargeSectorSize = 4096;

    /// <summary>How many bytes a GPT needs behind the last partition for its backup; 0 for other tables.</summary>
    public long BackupBytes { get; init; }

    /// <summary>Where the last sector of the backup of a GPT ends, in bytes: the size of the disk that it was made for. Null if there is no backup.</summary>
    public long? BackupEnd { get; init; }

    /// <summary>
    /// A GPT that Linux and Windows do not see because the first sector is not a protective one, on a disk that shows no partitions without it; null if
    /// there is none. Its partitions may be all that there is.
    /// </summary>
    public PartitionTable? Unannounced { get; init; }

    /// <summary>The table of a disk; of the kind <see cref="QedPartitionTable.None"/> if it has none.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="sectorSize">The size of the sectors that the disk presents, in bytes; the other size is tried too.</param>
    /// <exception cref="QedException">The disk could not be read.</exception>
    public static PartitionTable Of(IDisk disk, int sectorSize)
    {
        PartitionReader reader = new(disk, 0, disk.Length);
        int[] sizes = sectorSize == LargeSectorSize ? [LargeSectorSize, Sector.Size] : [Sector.Size, LargeSectorSize];
        PartitionTable? table = null;
        bool hasSignature = MbrTable.TryReadSector(reader, 0, out MbrSector first);
        bool isProtected = hasSignature && first.IsProtective;
        if (isProtected)
        {
            table = Gpt(reader, first, sizes);
        }

        table ??= (hasSignature ? MbrTable.TryRead(reader, first, sizes) : null) ?? new PartitionTable(QedPartitionTable.None, sectorSize, [], []);
        List<string> problems = [.. table.Problems, .. ProblemsOf(table, disk.Length)];
        if (!isProtected && FindUnannounced(reader, first, sizes, table, problems) is { } gpt)
        {
            problems.Add(string.Format(
                CultureInfo.InvariantCulture,
                "There is a GUID partition table (GPT), of {0}, but the first sector does not say so, so that it does not count. gdisk and sgdisk write that sector again.",
                gpt.Entries.Count == 1 ? "1 partition" : $"{gpt.Entries.Count} partitions"));
            table = table with { Unannounced = table.Entries.Count == 0 ? gpt : null };
        }

        return table with { Problems = [.. problems.Take(MaxProblems)] };
    }

    private static PartitionTable? Gpt(PartitionReader reader, MbrSector first, int[] sizes) =>
        sizes.Select(size => GptTable.TryRead(reader, first, size)).FirstOrDefault(found => found is not null);

    private static PartitionTable? FindUnannounced(PartitionReader reader, in MbrSector first, int[] sizes, PartitionTable table, List<string> problems)
    {
        try
        {
            // A backup alone is what is left where another table or a file system took the place of the GPT.
            bool isBlank = table.Entries.Count == 0 && FileSystemTable.Recognize(reader) is null;
            return isBlank || sizes.Any(size => GptTable.HasPrimary(reader, size)) ? Gpt(reader, first, sizes) : null;
        }
        catch (QedException e)
        {
            problems.Add($"It could not be found out whether there is a GUID partition table (GPT). {e.Message}");
            return null;
        }
    }

    // Logical partitions are within an extended one, and all others within one that begins with the table itself, as on disks that are also CDs.
    private static IEnumerable<string> ProblemsOf(PartitionTable table, long diskLength)
    {
        PartitionEntry[] inOrder = [.. table.Entries.OrderBy(entry => entry.Start).ThenByDescending(entry => entry.End)];
        foreach (PartitionEntry entry in inOrder.Where(entry => entry.End > diskLength))
        {
            yield return string.Format(
                CultureInfo.InvariantCulture, "Partition {0} ends at {1} bytes, beyond the end of the disk at {2}.", entry.Number, entry.End, diskLength);
        }

        PartitionEntry? before = null;
        foreach (PartitionEntry entry in inOrder.Where(entry => !entry.IsExtended && entry.Start > 0))
        {
            if (before is not null && entry.Start < before.End)
            {
                yield return string.Format(CultureInfo.InvariantCulture, "Partitions {0} and {1} overlap.", before.Number, entry.Number);
            }

            before = before is null || entry.End > before.End ? entry : before;
        }
    }
}
