using System;
using System.Collections.Generic;
using System.Linq;
using QedTools.Chains;
using QedTools.Disks;
using QedTools.Partitions;

namespace QedTools.Operations;

/// <summary>What a change of a disk's size means for the partitions on it.</summary>
internal sealed class ResizedPartitions
{
    private readonly List<string> _warnings = [];
    private IReadOnlyList<QedPartition> _partitions = [];
    private PartitionTable? _table;

    private ResizedPartitions()
    {
    }

    /// <summary>Looks at the partitions. If that is not possible, the change goes on, with a warning.</summary>
    /// <param name="chain">The image; the layers below it are opened if they are there.</param>
    /// <param name="size">The new size, in bytes.</param>
    /// <param name="options">How to change it.</param>
    /// <exception cref="QedShrinkException">A partition would lose a part, and that was not allowed.</exception>
    public static ResizedPartitions Find(BackingChain chain, long size, ImageResizeOptions options)
    {
        ResizedPartitions found = new();
        IDiskLayer image = chain.Layers[0];
        string path = image.Storage.Path;
        try
        {
            // Only to look: a disk that shrinks does not need them.
            while (chain.OpenNext())
            {
            }

            IDisk disk = chain.ToDisk();
            OperationTrace trace = new() { Warning = found._warnings.Add };
            PartitionTable table = PartitionSurvey.TableOf(disk, image.SectorSize, path, trace);
            found._table = table.Unannounced ?? table;
            found._partitions = PartitionSurvey.Describe(disk, table, path, trace);
            if (table.Unannounced is { } gpt)
            {
                // Whoever writes the first sector again has these partitions back, unless they were cut.
                found._partitions = [.. found._partitions, .. PartitionSurvey.Describe(disk, gpt, path, trace).Where(one => one.Number != QedPartition.WholeDisk)];
            }
        }
        catch (QedException e) when (size < image.VirtualSize)
        {
            found._warnings.Add($"'{path}': it could not be found out whether a partition ends beyond the new size. {e.Message}");
            return found;
        }

        if (size < image.VirtualSize)
        {
            found.RequireAllowed(path, size, options);
        }

        return found;
    }

    /// <summary>Reports what should be known before the change.</summary>
    public void Report(OperationTrace? trace)
    {
        foreach (string warning in _warnings)
        {
            trace?.Warn(warning);
        }
    }

    /// <summary>Adds to a plan what it means for the partitions.</summary>
    public ImageResizePlan Complete(ImageResizePlan plan)
    {
        long backupBytes = _table?.BackupBytes ?? 0;
        plan = plan with { Partitions = _partitions };
        return plan with
        {
            FreeBytes = plan.LastPartition is { } last ? Math.Max(0, plan.NewSize - backupBytes - last.End) : null,
            MisplacesBackupTable = _table?.Kind == QedPartitionTable.Gpt && plan.NewSize != plan.OldSize && _table.BackupEnd != plan.NewSize,
            CutsOffBackupTable = _table?.BackupEnd > plan.NewSize,
        };
    }

    private void RequireAllowed(string path, long size, ImageResizeOptions options)
    {
        QedPartition[] cut = [.. _partitions.Where(one => one.Number != QedPartition.WholeDisk && one.End > size)];
        if (cut.Length > 0 && !options.AllowCutPartitions)
        {
            throw QedShrinkException.ForPartitions(path, size, cut);
        }

        if (cut.Length > 0)
        {
            _warnings.Add($"'{path}': {QedShrinkException.NamesOf(cut)} {(cut.Length == 1 ? "loses" : "lose")} what lies beyond the new end of the disk. Programs that repair partition tables refuse this one until the disk is large enough again or {(cut.Length == 1 ? "the partition is" : "the partitions are")} deleted.");
        }

        if (_partitions.FirstOrDefault(one => one.Number == QedPartition.WholeDisk) is { FileSystem: { } fileSystem })
        {
            _warnings.Add($"'{path}': {fileSystem} is on the disk as a whole, without a partition table. It is damaged unless it ends before the new size.");
        }
    }
}
