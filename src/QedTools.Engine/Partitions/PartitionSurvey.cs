using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using QedTools.Disks;
using QedTools.Partitions.FileSystems;

namespace QedTools.Partitions;

/// <summary>Finds out what partitions a disk has and what is on them.</summary>
internal static class PartitionSurvey
{
    private const string NoType = "none";
    private const string UnknownType = "unknown";

    /// <summary>Reads the table of a disk and reports what is wrong with it.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="sectorSize">The size of the sectors that it presents, in bytes.</param>
    /// <param name="path">The image's file.</param>
    /// <param name="trace">Receives the problems as warnings; may be null.</param>
    /// <exception cref="QedException">The disk could not be read.</exception>
    public static PartitionTable TableOf(IDisk disk, int sectorSize, string path, OperationTrace? trace)
    {
        PartitionTable table = PartitionTable.Of(disk, sectorSize);
        foreach (string problem in table.Problems)
        {
            trace?.Warn($"'{path}': {problem}");
        }

        trace?.Decision?.Invoke(string.Format(
            CultureInfo.InvariantCulture,
            table.Kind switch
            {
                QedPartitionTable.Gpt => "{0}: a GUID partition table (GPT) in sectors of {1} bytes, {2} partitions.",
                QedPartitionTable.Mbr => "{0}: a partition table in the first sector (MBR) in sectors of {1} bytes, {2} partitions.",
                _ => "{0}: no partition table.",
            },
            PrintableText.Of(path),
            table.SectorSize,
            table.Entries.Count));
        return table;
    }

    /// <summary>The partitions of a disk, with their file systems; the disk as a whole if it has no table, and also if it is a CD as well.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="table">Its table.</param>
    /// <param name="path">The image's file.</param>
    /// <param name="trace">Receives warnings about what could not be read; may be null.</param>
    public static IReadOnlyList<QedPartition> Describe(IDisk disk, PartitionTable table, string path, OperationTrace? trace)
    {
        string fullPath = Path.GetFullPath(path);
        List<QedPartition> found = [];
        FileSystemFacts? whole = Recognize(disk, 0, disk.Length, QedPartition.WholeDisk, path, trace, isCd: table.Kind != QedPartitionTable.None);
        if (table.Kind == QedPartitionTable.None || whole is not null)
        {
            found.Add(With(whole, new QedPartition
            {
                Path = fullPath,
                Number = QedPartition.WholeDisk,
                Table = QedPartitionTable.None,
                Type = NoType,
                Start = 0,
                Length = disk.Length,
            }));
        }

        found.AddRange(table.Entries.Select(entry => With(
            entry.IsExtended || entry.Start >= disk.Length ? null : Recognize(disk, entry.Start, entry.Length, entry.Number, path, trace, isCd: false),
            new QedPartition
            {
                Path = fullPath,
                Number = entry.Number,
                Name = entry.Name,
                Table = table.Kind,
                Type = entry.Type ?? UnknownType,
                TypeId = entry.TypeId,
                Start = entry.Start,
                Length = entry.Length,
                Guid = entry.Guid,
                IsBootable = entry.IsBootable,
                IsExtended = entry.IsExtended,
            })));
        return new ResultList<QedPartition>(found);
    }

    // What cannot be read hides only itself.
    private static FileSystemFacts? Recognize(IDisk disk, long start, long length, int number, string path, OperationTrace? trace, bool isCd)
    {
        try
        {
            PartitionReader reader = new(disk, start, length);
            return isCd ? Iso9660.Recognize(reader) : FileSystemTable.Recognize(reader);
        }
        catch (QedException e)
        {
            string where = number == QedPartition.WholeDisk ? "on the disk as a whole" : string.Format(CultureInfo.InvariantCulture, "on partition {0}", number);
            trace?.Warn($"'{path}': it could not be found out which file system is {where}. {e.Message}");
            return null;
        }
    }

    private static QedPartition With(FileSystemFacts? facts, QedPartition partition) => facts is null ? partition : partition with
    {
        FileSystem = facts.Name,
        Label = facts.Label,
        FileSystemId = facts.Id,
        UsedBytes = facts.UsedBytes,
    };
}
