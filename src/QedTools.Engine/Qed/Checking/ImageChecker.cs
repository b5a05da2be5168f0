using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Threading;
using QedTools.Disks;
using QedTools.Qed.Files;
using QedTools.Qed.Format;

namespace QedTools.Qed.Checking;

/// <summary>
/// The full consistency check (QED specification, "Consistency checking"): every table entry must point to a place inside
/// the file that no other entry uses, and some entry must point to every cluster of the file. Read-only.
/// </summary>
/// <remarks>
/// Two passes over the L1 table. The first notes all tables, so that the second, which reads the L2 tables, recognizes a data
/// entry that points into a table, whichever comes first. Each L2 table is read once, however many entries point to it, so
/// the time depends on what is in the file and not on what it claims. Tables are read in parallel and checked in order.
///
/// An L1 entry that points to a data cluster turns whatever that cluster holds into a table. Such a false table is recognized by
/// being data of the disk and having faults of its own. The check is then repeated without it, so that one wrong entry counts as one.
/// </remarks>
internal sealed class ImageChecker
{
    private const int MaxDetails = 1000;

    // In clusters.
    private const int MinStep = 64;

    private readonly QedFile _file;
    private readonly ImageLayout _layout;
    private readonly QedGeometry _geometry;
    private readonly IProgress<OperationProgress>? _progress;
    private readonly TableReader _reader;
    private readonly CancellationToken _cancellation;
    private readonly long _virtualSize;
    private readonly long _l1Used;

    private readonly ClusterSet _tableClusters = new();
    private readonly ClusterSet _tablesRead = new();
    private readonly ClusterSet _dataClusters = new();
    private readonly ClusterSet _dataInTables = new();
    private readonly Dictionary<long, TableVerdict> _faultyTables = []; // by the L1 entries that point to them
    private readonly HashSet<long> _falseTables;
    private readonly List<QedCorruption> _corruptions = [];
    private long _corruptionCount;
    private long _allocated;
    private long _zero;
    private long _fragmented;
    private long _tableCount;
    private long _previousL1Index = -1;
    private long _previousData;
    private bool _isFilled;
    private long _filledTables;
    private TableVerdict _verdict;

    private ImageChecker(
        QedFile file, HashSet<long> falseTables, IProgress<OperationProgress>? progress, CancellationToken cancellation)
    {
        _file = file;
        _falseTables = falseTables;
        _layout = file.Layout;
        _geometry = _layout.Geometry;
        _progress = progress;
        _virtualSize = file.VirtualSize;
        _l1Used = _geometry.L1EntriesFor(_virtualSize);
        _reader = new TableReader(file.Storage, _geometry, cancellation);
        _cancellation = cancellation;
    }

    /// <summary>Checks an image.</summary>
    /// <param name="file">The image; it must not change during the check.</param>
    /// <param name="progress">Receives the number of table bytes read; may be null.</param>
    /// <param name="cancellation">Cancels the check.</param>
    /// <exception cref="OperationCanceledException">The check was cancelled.</exception>
    /// <exception cref="QedException">The file could not be read.</exception>
    public static QedCheckResult Check(QedFile file, IProgress<OperationProgress>? progress, CancellationToken cancellation) =>
        Survey(file, progress, cancellation).Result;

    /// <summary>Checks an image and reports which clusters are in use.</summary>
    /// <param name="file">The image; it must not change during the check.</param>
    /// <param name="progress">Receives the number of table bytes read; may be null.</param>
    /// <param name="cancellation">Cancels the check.</param>
    /// <exception cref="OperationCanceledException">The check was cancelled.</exception>
    /// <exception cref="QedException">The file could not be read.</exception>
    public static ImageSurvey Survey(QedFile file, IProgress<OperationProgress>? progress, CancellationToken cancellation)
    {
        ImageChecker checker = new(file, [], progress, cancellation);
        QedCheckResult result = checker.Run();
        if (checker.FindFalseTables() is { Count: > 0 } falseTables)
        {
            checker = new ImageChecker(file, falseTables, progress, cancellation);
            result = checker.Run();
        }

        return new ImageSurvey(result, checker._tableClusters, checker._dataClusters, checker._tableCount - checker._filledTables);
    }

    private QedCheckResult Run()
    {
        MarkTable(_file.L1TableOffset);
        CheckL1Length();
        _reader.Read(_file.L1TableOffset, NoteTables);
        OrderedWork.Run(Batches(), () => new BatchWorker(this), ReportProgress, _cancellation);

        long used = _tableClusters.Count + _dataClusters.Count;
        long leaked = _layout.UsableClusters + (IsPartInUse() ? 1 : 0) - used;
        long emptied = (_tableCount - _filledTables) * _geometry.TableSize;
        long lastUsed = Math.Max(_tableClusters.Largest, _dataClusters.Largest);
        return new QedCheckResult
        {
            Path = _file.Storage.Path,
            Status = _corruptionCount > 0 ? QedCheckStatus.Corrupt : leaked > 0 ? QedCheckStatus.Leaks : QedCheckStatus.Clean,
            NeedsCheck = _file.Header.NeedsCheck,
            TotalClusters = _geometry.ClustersCovering(_virtualSize),
            AllocatedClusters = _allocated,
            ZeroClusters = _zero,
            FragmentedClusters = _fragmented,
            LeakedClusters = leaked,
            LeakedBytes = _geometry.BytesOf(leaked),
            ReclaimableBytes = _corruptionCount > 0 ? null : _layout.FileLength - ImageSurvey.PackedLength(_file, used - emptied, leaked + emptied),
            CorruptionCount = _corruptionCount,
            Corruptions = new ResultList<QedCorruption>(_corruptions.ToArray()),
            ImageEndOffset = _geometry.EndOf(lastUsed),
        };
    }

    // A partial cluster at the end of the file that nothing refers to is not a leak.
    private bool IsPartInUse()
    {
        long last = _geometry.ClusterAt(_layout.FileLength);
        return _geometry.OffsetInCluster(_layout.FileLength) != 0 && (_tableClusters.Contains(last) || _dataClusters.Contains(last));
    }

    private HashSet<long> FindFalseTables()
    {
        HashSet<long> found = [];
        foreach (KeyValuePair<long, TableVerdict> table in _faultyTables)
        {
            TableVerdict verdict = table.Value;
            if (verdict.Faulty > verdict.Sound && _dataInTables.Overlaps(_geometry.ClusterAt(verdict.Offset), _geometry.TableSize))
            {
                found.Add(table.Key);
            }
        }

        return found;
    }

    private void CheckL1Length()
    {
        ClusterEntry l1 = new((ulong)_file.L1TableOffset);
        if (l1.ProblemIn(_layout, _geometry.TableSize) == EntryProblem.CutShort)
        {
            Report(QedCorruptionKind.CutShort, _layout.EntriesIn(l1.Offset), null, l1);
        }
    }

    // First pass: marks the clusters of every valid table and finds the faults of L1 entries.
    private void NoteTables(long firstIndex, ReadOnlySpan<ulong> entries)
    {
        for (int i = 0; i < entries.Length; i++)
        {
            ClusterEntry entry = new(entries[i]);
            if (entry.IsUnallocated)
            {
                continue;
            }

            long index = firstIndex + i;
            EntryProblem problem = entry.ProblemIn(_layout, _geometry.TableSize);
            if (problem is not (EntryProblem.None or EntryProblem.CutShort))
            {
                Report(KindOf(problem), index, null, entry);
                continue;
            }

            if (_falseTables.Contains(index))
            {
                Report(QedCorruptionKind.DataAndTable, index, null, entry);
                continue;
            }

            _tableCount++;
            if (!MarkTable(entry.Offset))
            {
                Report(QedCorruptionKind.TableAndTable, index, null, entry);
            }
            else if (problem == EntryProblem.CutShort)
            {
                Report(QedCorruptionKind.CutShort, index, null, entry);
            }
            else
            {
                _file.Trace?.Table(index, entry.Offset);
            }
        }
    }

    private void ReportProgress(TableBatch batch) => _progress?.Report(new OperationProgress(
        Math.Min(batch.TablesBefore, _tableCount) * _geometry.TableBytes, _tableCount * _geometry.TableBytes));

    // Second pass: every table that an entry points to, once. Small tables are batched.
    private IEnumerable<TableBatch> Batches()
    {
        using WorkBuffer<ulong> l1 = new(_reader.PieceEntries);
        TableBatch batch = new();
        foreach (TablePiece l1Piece in _reader.PiecesOf(_file.L1TableOffset))
        {
            _reader.Read(l1Piece, l1.Span);
            for (int i = 0; i < l1Piece.Count; i++)
            {
                ClusterEntry entry = new(l1.Span[i]);
                if (entry.IsUnallocated
                    || entry.ProblemIn(_layout, _geometry.TableSize) is not (EntryProblem.None or EntryProblem.CutShort)
                    || _falseTables.Contains(l1Piece.FirstIndex + i)
                    || entry.Offset == _file.L1TableOffset
                    || !_tablesRead.Add(_geometry.ClusterAt(entry.Offset)))
                {
                    continue;
                }

                foreach (TablePiece piece in _reader.PiecesOf(entry.Offset))
                {
                    if (!batch.TryAdd(l1Piece.FirstIndex + i, piece))
                    {
                        batch.TablesBefore = _tablesRead.Count - 1;
                        yield return batch;
                        batch = new TableBatch();
                        batch.TryAdd(l1Piece.FirstIndex + i, piece);
                    }
                }

                batch.TablesBefore = _tablesRead.Count;
            }
        }

        if (batch.Count > 0)
        {
            yield return batch;
        }
    }

    private void CheckPiece(long l1Index, long tableOffset, long firstIndex, ReadOnlySpan<ulong> entries)
    {
        long used = l1Index >= _l1Used
            ? 0
            : Math.Min(_geometry.EntriesPerTable, _geometry.ClustersCovering(_virtualSize - _geometry.VirtualOffset(l1Index, 0)));
        if (l1Index != _previousL1Index)
        {
            _previousL1Index = l1Index;
            _previousData = 0;
            _verdict = new TableVerdict(tableOffset, Sound: 0, Faulty: 0);
            _isFilled = false;
        }

        if (!_isFilled && !ZeroScan.IsZero(MemoryMarshal.AsBytes(entries)))
        {
            _isFilled = true;
            _filledTables++;
        }

        int contiguousEnd = 0; // where the clusters that entries point to stop following each other, as far as it is known
        for (int i = 0; i < entries.Length;)
        {
            ClusterEntry entry = new(entries[i]);
            long index = firstIndex + i;
            ReadOnlySpan<ulong> rest = entries.Slice(i);
            int run;
            if (entry.IsUnallocated)
            {
                run = EntryScan.CountEqual(rest, 0UL);
            }
            else if (entry.IsZero)
            {
                run = EntryScan.CountEqual(rest, ClusterEntry.ZeroValue);
                _zero += Math.Max(0, Math.Min(run, used - index));
            }
            else
            {
                run = CountSoundData(entries, i, used - index, ref contiguousEnd);
                if (run > 0)
                {
                    _dataClusters.AddRange(_geometry.ClusterAt(entry.Offset), run);
                    NoteData(entry.Offset, run);
                    _verdict = _verdict with { Sound = _verdict.Sound + run };
                }
                else
                {
                    run = 1;
                    _verdict = CheckEntry(l1Index, index, entry, index < used)
                        ? _verdict with { Sound = _verdict.Sound + 1 }
                        : _verdict with { Faulty = _verdict.Faulty + 1 };
                }
            }

            i += run;
        }

        if (_verdict.Faulty > 0)
        {
            _faultyTables[l1Index] = _verdict;
        }
    }

    private void NoteData(long offset, int clusters)
    {
        _allocated += clusters;
        _fragmented += _previousData != 0 && offset != _previousData + _geometry.ClusterSize ? 1 : 0;
        _previousData = offset + _geometry.BytesOf(clusters - 1);
    }

    // Counts the entries from one on that point to contiguous clusters, all inside the file, inside the disk and not in use elsewhere.
    // Returns 0 if the first of them must be checked by itself. No entry is looked at again for each one that is checked by itself.
    private int CountSoundData(ReadOnlySpan<ulong> entries, int start, long used, ref int contiguousEnd)
    {
        ClusterEntry first = new(entries[start]);
        if (used <= 0 || first.ProblemIn(_layout, 1) != EntryProblem.None)
        {
            return 0;
        }

        if (start >= contiguousEnd)
        {
            int max = (int)Math.Min(entries.Length - start, Math.Min(_layout.ClustersFrom(first.Offset), used));
            contiguousEnd = start + EntryScan.CountContiguous(entries.Slice(start, max), first.Value, (uint)_geometry.ClusterSize);
        }

        return (int)CountUnused(_geometry.ClusterAt(first.Offset), contiguousEnd - start);
    }

    // How many clusters from one on are neither tables nor data. It is looked for in steps that grow, because a cluster in use may be near in
    // one set and far in the other.
    private long CountUnused(long cluster, long max)
    {
        long count = 0;
        for (long step = MinStep; count < max; step *= 2)
        {
            long here = Math.Min(step, max - count);
            long free = _dataClusters.CountFree(cluster + count, _tableClusters.CountFree(cluster + count, here));
            count += free;
            if (free < here)
            {
                break;
            }
        }

        return count;
    }

    // Returns whether the entry is sound.
    private bool CheckEntry(long l1Index, long index, ClusterEntry entry, bool isUsed)
    {
        EntryProblem problem = entry.ProblemIn(_layout, 1);
        if (problem is not (EntryProblem.None or EntryProblem.CutShort))
        {
            Report(KindOf(problem), l1Index, index, entry);
            return false;
        }

        if (isUsed)
        {
            NoteData(entry.Offset, 1);
        }

        long cluster = _geometry.ClusterAt(entry.Offset);
        bool isInTable = _tableClusters.Contains(cluster);
        if (isInTable)
        {
            _dataInTables.Add(cluster);
        }

        QedCorruptionKind? kind = isInTable ? QedCorruptionKind.DataAndTable
            : !_dataClusters.Add(cluster) ? QedCorruptionKind.DataAndData
            : !isUsed ? QedCorruptionKind.BeyondVirtualSize
            : problem == EntryProblem.CutShort ? QedCorruptionKind.CutShort
            : null;
        if (kind is { } found)
        {
            Report(found, l1Index, index, entry);
        }

        return kind is null;
    }

    // Marks all clusters of a table that the file has, even if some are marked already: they are in use either way.
    private bool MarkTable(long offset)
    {
        long first = _geometry.ClusterAt(offset);
        long end = Math.Min(first + _geometry.TableSize, _geometry.ClustersCovering(_layout.FileLength));
        bool isUnshared = true;
        for (long cluster = first; cluster < end; cluster++)
        {
            isUnshared &= _tableClusters.Add(cluster);
        }

        return isUnshared;
    }

    private void Report(QedCorruptionKind kind, long l1Index, long? l2Index, ClusterEntry entry)
    {
        _corruptionCount++;
        if (_corruptions.Count < MaxDetails)
        {
            _corruptions.Add(new QedCorruption(
                kind, l1Index, l2Index, _geometry.VirtualOffset(l1Index, l2Index ?? 0), entry.Value)
            {
                MissingBytes = kind == QedCorruptionKind.CutShort
                    ? _layout.MissingBytes(entry.Offset, l2Index is null ? _geometry.TableSize : 1)
                    : 0,
            });
        }
    }

    private static QedCorruptionKind KindOf(EntryProblem problem) => problem switch
    {
        EntryProblem.ReservedBits => QedCorruptionKind.ReservedBits,
        EntryProblem.Misaligned => QedCorruptionKind.Misaligned,
        EntryProblem.InsideHeader => QedCorruptionKind.InsideHeader,
        _ => QedCorruptionKind.OutsideFile,
    };

    // How many of a table's data entries are sound, and how many are faulty.
    private readonly record struct TableVerdict(long Offset, long Sound, long Faulty);

    private sealed class BatchWorker(ImageChecker checker) : IPieceWorker<TableBatch>
    {
        private readonly WorkBuffer<ulong> _entries = new(TableBatch.MaxEntries);

        public void Prepare(TableBatch batch)
        {
            Span<ulong> free = _entries.Span;
            for (int i = 0; i < batch.Count; i++)
            {
                checker._reader.Read(batch[i].Piece, free);
                free = free.Slice(batch[i].Piece.Count);
            }
        }

        public void Finish(TableBatch batch)
        {
            ReadOnlySpan<ulong> entries = _entries.Span;
            for (int i = 0; i < batch.Count; i++)
            {
                (long l1Index, TablePiece piece) = batch[i];
                checker.CheckPiece(l1Index, piece.TableOffset, piece.FirstIndex, entries.Slice(0, piece.Count));
                entries = entries.Slice(piece.Count);
            }
        }

        public void Dispose() => _entries.Dispose();
    }
}
