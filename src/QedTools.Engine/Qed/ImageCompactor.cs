using System;
using System.Collections.Generic;
using System.Threading;
using QedTools.Qed.Checking;
using QedTools.Qed.Format;
using QedTools.Qed.Metadata;
using QedTools.Storage;

namespace QedTools.Qed;

/// <summary>
/// Gives unused clusters back to the host: live clusters from the end of the file move into them, and the file is shortened.
/// </summary>
/// <remarks>
/// A crash at any point leaves every cluster readable: a copy is on the disk before a table leads to it, and what it was
/// copied from is not written over before that table is on the disk.
/// </remarks>
internal sealed class ImageCompactor
{
    private const int MovesPerScan = 1 << 16;

    private readonly QedImage _image;
    private readonly MetadataWriter _writer;
    private readonly QedGeometry _geometry;
    private readonly ImageSurvey _survey;
    private readonly long _firstCluster;
    private readonly TableReader _l1Reader;
    private readonly TableReader _l2Reader;

    private ImageCompactor(QedImage image, MetadataWriter writer, ImageSurvey survey)
    {
        _image = image;
        _writer = writer;
        _geometry = image.Header.Geometry;
        _survey = survey;
        _firstCluster = _geometry.WholeClusters(image.Header.HeaderBytes);
        _l1Reader = new TableReader(image.Storage, _geometry, CancellationToken.None);
        _l2Reader = new TableReader(image.Storage, _geometry, CancellationToken.None);
    }

    /// <summary>Packs an image that nobody reads or writes meanwhile. One that is damaged is left as it is.</summary>
    /// <param name="image">The image, open for writing, all changes committed.</param>
    /// <param name="writer">Its writer.</param>
    /// <param name="onSurvey">Is told what is in use before anything is moved; may be null.</param>
    /// <exception cref="QedException">The file could not be read or written; the image is whole all the same.</exception>
    public static void Pack(QedImage image, MetadataWriter writer, Action<ImageSurvey>? onSurvey = null)
    {
        image.RefreshFileLength();
        ImageSurvey survey = ImageChecker.Survey(image, progress: null, CancellationToken.None);
        onSurvey?.Invoke(survey);
        if (survey.Result.Status == QedCheckStatus.Leaks)
        {
            new ImageCompactor(image, writer, survey).Run();
        }
    }

    private void Run()
    {
        (long lowestMoved, long firstFree) = PlanDataMoves();
        MoveData(lowestMoved);
        long end = MoveTables(firstFree);
        _image.Storage.SetLength(_geometry.BytesOf(end));
        _image.Storage.Flush();
        _image.Trace?.Resized(_geometry.BytesOf(end));
        _image.RefreshFileLength();
        _writer.ResetEnd(_geometry.BytesOf(end));
    }

    // The highest data goes into the lowest free cluster, the next into the next, until the two meet. Returns the lowest
    // data cluster that moves, and the lowest free cluster that is left, with no data above it.
    private (long LowestMoved, long FirstFree) PlanDataMoves()
    {
        long free = NextFree(_firstCluster);
        long lowestMoved = long.MaxValue;
        foreach (long data in _survey.Data.Descending())
        {
            if (data <= free)
            {
                break;
            }

            lowestMoved = data;
            free = NextFree(free + 1);
        }

        return (lowestMoved, Math.Min(free, lowestMoved));
    }

    private long NextFree(long cluster)
    {
        while (_survey.IsUsed(cluster))
        {
            cluster++;
        }

        return cluster;
    }

    private void MoveData(long lowestMoved)
    {
        if (lowestMoved == long.MaxValue)
        {
            return;
        }

        long target = NextFree(_firstCluster);
        List<(long Table, long Index, long From)> moves = new(MovesPerScan);
        do
        {
            moves.Clear();
            CollectDataFrom(lowestMoved, moves);
            long to = 0;
            foreach ((long table, long index, long from) in moves)
            {
                to = _geometry.BytesOf(target);
                StorageCopy.Run(_image.Storage, from, _image.Storage, to, _geometry.ClusterSize);
                _writer.Repoint(table, index, to);
                target = NextFree(target + 1);
            }

            _writer.Commit();
            if (moves.Count > 0)
            {
                _image.Trace?.DataMoved(moves.Count, _geometry.BytesOf(lowestMoved), to);
            }
        }
        while (moves.Count == MovesPerScan);
    }

    private void CollectDataFrom(long lowest, List<(long Table, long Index, long From)> moves)
    {
        ForEachTable((_, table) => _l2Reader.Read(table, (first, entries) =>
        {
            for (int i = 0; i < entries.Length && moves.Count < MovesPerScan; i++)
            {
                ClusterEntry entry = new(entries[i]);
                if (!entry.IsUnallocated && !entry.IsZero && _geometry.ClusterAt(entry.Offset) >= lowest)
                {
                    moves.Add((table, first + i, entry.Offset));
                }
            }
        }));
    }

    // Slides the tables above the lowest free cluster down, in the order of the file. Returns the first cluster behind all.
    private long MoveTables(long firstFree)
    {
        List<(long Cluster, long L1Index)> above = [];
        if (_geometry.ClusterAt(_image.L1TableOffset) > firstFree)
        {
            above.Add((_geometry.ClusterAt(_image.L1TableOffset), -1));
        }

        ForEachTable((index, table) =>
        {
            if (_geometry.ClusterAt(table) > firstFree)
            {
                above.Add((_geometry.ClusterAt(table), index));
            }
        });
        above.Sort();

        long target = firstFree;
        long behindAll = above.Count == 0 ? firstFree : above[above.Count - 1].Cluster + _geometry.TableSize;
        foreach ((long cluster, long l1Index) in above)
        {
            // No safe step leads from a place to one that overlaps it: go by way of the end of the file.
            long from = cluster;
            if (from - target < _geometry.TableSize)
            {
                MoveTable(l1Index, from, behindAll);
                from = behindAll;
            }

            MoveTable(l1Index, from, target);
            target += _geometry.TableSize;
        }

        return target;
    }

    private void MoveTable(long l1Index, long from, long to)
    {
        long target = _geometry.BytesOf(to);
        StorageCopy.Run(_image.Storage, _geometry.BytesOf(from), _image.Storage, target, _geometry.TableBytes);
        _image.RefreshFileLength();
        _image.Trace?.TableMoved(l1Index, _geometry.BytesOf(from), target);
        if (l1Index < 0)
        {
            _writer.RepointL1(target);
        }
        else
        {
            _writer.Repoint(_image.L1TableOffset, l1Index, target);
            _writer.Commit();
        }
    }

    private void ForEachTable(Action<long, long> action) =>
        _l1Reader.Read(_image.L1TableOffset, (first, entries) =>
        {
            for (int i = 0; i < entries.Length; i++)
            {
                ClusterEntry entry = new(entries[i]);
                if (!entry.IsUnallocated)
                {
                    action(first + i, entry.Offset);
                }
            }
        });
}
