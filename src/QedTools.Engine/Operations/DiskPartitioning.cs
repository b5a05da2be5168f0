using System.Collections.Generic;
using QedTools.Chains;
using QedTools.Disks;
using QedTools.Partitions;

namespace QedTools;

/// <summary>Finds the partitions of disks and the file systems on them. Never changes a byte, and needs no rights beyond those to read the file.</summary>
public static class DiskPartitioning
{
    /// <summary>Reads the partition table of a disk in any format, and the superblocks of its file systems.</summary>
    /// <remarks>What is wrong with the table is reported as warnings of <see cref="DiskSourceOptions.Trace"/>.</remarks>
    /// <param name="path">The image.</param>
    /// <param name="options">How to find it.</param>
    /// <returns>
    /// The partitions in the order of their numbers; for a disk without a table, the disk as a whole. A disk with a table that is also a CD is
    /// listed as a whole first. Empty for an empty table.
    /// </returns>
    /// <exception cref="QedException">A layer of the disk cannot be opened, or the table cannot be read.</exception>
    public static IReadOnlyList<QedPartition> Run(string path, DiskPartitioningOptions options)
    {
        using BackingChain chain = BackingChain.OpenAll(path, DiskFormats.ForReading, options.ToPolicy());
        IDisk disk = chain.ToDisk();
        string name = chain.Layers[0].Storage.Path;
        PartitionTable table = PartitionSurvey.TableOf(disk, chain.Layers[0].SectorSize, name, options.Trace);
        IReadOnlyList<QedPartition> partitions = PartitionSurvey.Describe(disk, table, path, options.Trace);
        chain.RequireUnchanged();
        return partitions;
    }
}
