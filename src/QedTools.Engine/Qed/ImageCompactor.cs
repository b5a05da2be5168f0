using System;
using System.Collections.Generic;
using System.Threading;
using QedTools.Qed.Checking;
using QedTools.Qed.Format;
using QedTools.Qed.Metadata;

namespace QedTools.Qed;

/// <summary>
/// Returns unused clusters to the host: live clusters from the end of the file move into them, and the file is shortened.
/// </summary>
/// <remarks>
/// A crash at any point leaves every cluster readable: a copy is on the disk before a table points to it, and the original
/// is not overwritten before that table is on the disk.
/// </remarks>
internal sealed class ImageCompactor
{
    private const int MovesPerScan = 1 << 16;

    private readonly QedImage _image;
    private readonly MetadataWriter _writer;
    private readonly QedGeometry _geometry;
    private readonly PackingPlan _plan;
    private readonly TableReader _l1Reader;
    private readonly TableReader _l2Reader;

    private ImageCompactor(QedImage image, MetadataWriter writer, PackingPlan plan)
    {
        _image = image;
        _writer = writer;
        _geometry = image.Header.Geometry;
        _plan = plan;
        _l1Reader = new TableReader(image.Storage, _geometry, CancellationToken.None);
        _l2Reader = new TableReader(image.Storage, _geometry, CancellationToken.None);
    }

    /// <summary>Packs an image that nothing else reads or writes meanwhile. A damaged image is left as it is.</summary>
    /// <param name="image">The image, open for writing, all changes committed.</param>
    /// <param name="writer">Its writer.</param>
    /// <param name="onSurvey">Receives the clusters in use before anything is moved; may be null.</param>
    /// <exception cref="QedDiskFullException">There is not enough space to move clusters; nothing was moved.</exception>
    /// <exception cref="QedException">The file could not be read or written; the image is intact all the same.</exception>
    public static void Pack(QedImage image, MetadataWriter writer, Action<ImageSurvey>? onSurvey = null)
    {
        image.File.RefreshLength();
        ImageSurvey survey = ImageChecker.Survey(image.File, progress: null, CancellationToken.None);
        onSurvey?.Invoke(survey);
        if (survey.Result.Status == QedCheckStatus.Leaks)
        {
            PackingPlan plan = new(image, survey);
            plan.RequireSpace();
            new ImageCompactor(image, writer, plan).Run();
        }
    }

    private void Run()
    {
        _writer.BeforeDataChange();
        MoveData(_plan.LowestMoved);
        long end = MoveTables();
        _image.Storage.SetLength(_geometry.BytesOf(end));
        _image.Storage.Flush();
        _image.Trace?.Resized(_geometry.BytesOf(end));
        _image.File.RefreshLength();
        _writer.ResetEnd(_geometry.BytesOf(end));
    }

    private void MoveData(long lowestMoved)
    {
        if (lowestMoved == long.MaxValue)
        {
            return;
        }

        long target = _plan.FirstTarget;
        List<(long Table, long Index, long From)> moves = new(MovesPerScan);
        do
        {
            moves.Clear();
            CollectDataFrom(lowestMoved, moves);
            long to = 0;
            foreach ((long table, long index, long from) in moves)
            {
                to = _geometry.BytesOf(target);
                _image.File.CopyWithin(from, to, _geometry.ClusterSize);
                _writer.Repoint(table, index, to);
                target = _plan.NextFree(target + 1);
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

    // Moves the tables above the lowest free cluster down, in the order of the file. Returns the first cluster after all of them.
    private long MoveTables()
    {
        List<(long Cluster, long L1Index)> above = _plan.TablesAbove();
        long afterTables = _plan.BehindAll(above);
        long target = _plan.FirstFree;
        foreach ((long cluster, long l1Index) in above)
        {
            long from = cluster;
            if (_plan.GoesByTheEnd(from, target))
            {
                MoveTable(l1Index, from, afterTables);
                from = afterTables;
            }

            MoveTable(l1Index, from, target);
            target += _geometry.TableSize;
        }

        return target;
    }

    private void MoveTable(long l1Index, long from, long to)
    {
        long target = _geometry.BytesOf(to);
        _image.File.CopyWithin(_geometry.BytesOf(from), target, _geometry.TableBytes);
        _image.File.RefreshLength();
        _image.Trace?.TableMoved(l1Index, _geometry.BytesOf(from), target);
        if (l1Index < 0)
        {
            _writer.RepointL1(target);
        }
        else
        {
            _writer.Repoint(_image.File.L1TableOffset, l1Index, target);
            _writer.Commit();
        }
    }

    private void ForEachTable(Action<long, long> action) =>
        _l1Reader.Read(_image.File.L1TableOffset, (first, entries) =>
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
