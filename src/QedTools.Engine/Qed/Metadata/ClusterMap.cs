using System;
using System.Globalization;
using QedTools.Disks;
using QedTools.Qed.Files;
using QedTools.Qed.Format;

namespace QedTools.Qed.Metadata;

/// <summary>Looks up where an image's clusters are (QED specification, "Operations", cluster lookup).</summary>
internal sealed class ClusterMap
{
    private readonly TableCache _tables;
    private readonly QedFile _file;

    /// <param name="file">The image.</param>
    /// <param name="tables">Its tables.</param>
    public ClusterMap(QedFile file, TableCache tables)
    {
        _file = file;
        _tables = tables;
    }

    /// <summary>The run of clusters that begins at <paramref name="offset"/>, as far as one page of a table shows.</summary>
    /// <param name="offset">Where on the disk, in bytes; need not be a cluster's start.</param>
    /// <param name="length">How far to look, in bytes; at least 1, not beyond the end of the disk.</param>
    /// <exception cref="QedCorruptException">
    /// A table entry used points where no cluster can be, or what belongs at <paramref name="offset"/> is past the end of the file.
    /// </exception>
    /// <exception cref="QedException">The tables could not be read.</exception>
    public DiskRun GetRun(long offset, long length)
    {
        QedGeometry geometry = _file.Header.Geometry;
        long l1Index = geometry.L1Index(offset);
        long l1There = EntriesIn(_file.L1TableOffset, l1Index);
        if (l1Index >= l1There)
        {
            throw QedCorruptException.ForMissing(_file.Storage.Path, "the part of the L1 table for it", offset, length);
        }

        ReadOnlySpan<ulong> l1 = Clip(
            _tables.Entries(_file.L1TableOffset, l1Index), Math.Min(l1There, geometry.L1Index(offset + length - 1) + 1) - l1Index);
        ClusterEntry table = new(l1[0]);
        if (table.IsUnallocated)
        {
            long unmapped = geometry.VirtualOffset(l1Index + EntryScan.CountEqual(l1, 0UL), 0) - offset;
            return DiskRun.Without(QedExtentState.Unallocated, Math.Min(length, unmapped));
        }

        if (ProblemOf(table, geometry.TableSize) is not (EntryProblem.None or EntryProblem.CutShort) and var badTable)
        {
            throw QedCorruptException.ForEntry(
                _file.Storage.Path, EntryName(l1Index, null), table.Value, Describe(badTable, isTable: true), offset, RestOf(geometry.VirtualOffset(l1Index + 1, 0)));
        }

        long l2Index = geometry.L2Index(offset);
        long l2There = EntriesIn(table.Offset, l2Index);
        if (l2Index >= l2There)
        {
            throw QedCorruptException.ForMissing(
                _file.Storage.Path, "the part of the L2 table for it", offset, RestOf(geometry.VirtualOffset(l1Index + 1, 0)));
        }

        long wanted = Math.Min(l2There - l2Index, geometry.ClustersCovering(geometry.OffsetInCluster(offset) + length));
        ReadOnlySpan<ulong> l2 = Clip(_tables.Entries(table.Offset, l2Index), wanted);
        ClusterEntry cluster = new(l2[0]);
        if (cluster.IsUnallocated || cluster.IsZero)
        {
            long alike = EntryScan.CountEqual(l2, cluster.Value);
            if (alike == l2.Length && alike < wanted)
            {
                if (l2Index == 0)
                {
                    alike = Math.Max(alike, Math.Min(wanted, _tables.LeadingRun(table.Offset, geometry.EntriesPerTable)));
                }
                else if (cluster.IsUnallocated)
                {
                    alike += _tables.CountInHole(table.Offset, l2Index + alike, l2Index + wanted);
                }
            }

            return DiskRun.Without(cluster.IsZero ? QedExtentState.Zero : QedExtentState.Unallocated, LengthOf(alike));
        }

        EntryProblem problem = ProblemOf(cluster, 1);
        if (problem == EntryProblem.CutShort)
        {
            long there = _file.Layout.FileLength - cluster.Offset - geometry.OffsetInCluster(offset);
            return there > 0
                ? new DiskRun(QedExtentState.Data, cluster.Offset + geometry.OffsetInCluster(offset), Math.Min(length, Math.Min(there, LengthOf(1))))
                : throw QedCorruptException.ForMissing(_file.Storage.Path, $"the rest of the cluster at 0x{cluster.Value:x}", offset, LengthOf(1));
        }

        if (problem != EntryProblem.None)
        {
            int bad = CountBad(l2);
            throw QedCorruptException.ForEntry(
                _file.Storage.Path, EntryName(l1Index, l2Index), cluster.Value, Describe(problem, isTable: false), offset, LengthOf(bad));
        }

        // Clusters that contiguously follow a valid one are valid up to the end of the file.
        long inFile = _file.Layout.ClustersFrom(cluster.Offset);
        int count = EntryScan.CountContiguous(Clip(l2, inFile), cluster.Value, (uint)geometry.ClusterSize);
        return new DiskRun(QedExtentState.Data, cluster.Offset + geometry.OffsetInCluster(offset), LengthOf(count));

        long LengthOf(long clusters) => Math.Min(length, geometry.BytesOf(clusters) - geometry.OffsetInCluster(offset));

        long RestOf(long end) => Math.Min(length, end - offset);
    }

    private long EntriesIn(long tableOffset, long index)
    {
        if (index >= _file.Layout.EntriesIn(tableOffset))
        {
            _file.RefreshLength();
        }

        return _file.Layout.EntriesIn(tableOffset);
    }

    // How many entries, from the first on, point where no cluster can be.
    private int CountBad(ReadOnlySpan<ulong> entries)
    {
        int count = 1;
        ImageLayout layout = _file.Layout;
        while (count < entries.Length
            && new ClusterEntry(entries[count]) is { IsUnallocated: false, IsZero: false } entry
            && entry.ProblemIn(layout, 1) is not (EntryProblem.None or EntryProblem.CutShort))
        {
            count++;
        }

        return count;
    }

    private EntryProblem ProblemOf(ClusterEntry entry, int clusters)
    {
        EntryProblem problem = entry.ProblemIn(_file.Layout, clusters);
        if (problem is EntryProblem.OutsideFile or EntryProblem.CutShort)
        {
            _file.RefreshLength();
            problem = entry.ProblemIn(_file.Layout, clusters);
        }

        return problem;
    }

    private static ReadOnlySpan<ulong> Clip(ReadOnlySpan<ulong> entries, long max) =>
        entries.Length > max ? entries.Slice(0, (int)max) : entries;

    private static string EntryName(long l1Index, long? l2Index) => l2Index is { } index
        ? string.Format(CultureInfo.InvariantCulture, "entry {0} of L2 table {1}", index, l1Index)
        : string.Format(CultureInfo.InvariantCulture, "entry {0} of the L1 table", l1Index);

    private static string Describe(EntryProblem problem, bool isTable) => problem switch
    {
        EntryProblem.ReservedBits => "has reserved bits set",
        EntryProblem.Misaligned => "is not a multiple of the cluster size",
        EntryProblem.InsideHeader => "is inside the header",
        _ => isTable ? "puts the table past the end of the file" : "is past the end of the file",
    };
}
