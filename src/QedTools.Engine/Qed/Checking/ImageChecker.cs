using System;
using System.Collections.Generic;
using System.Threading;
using QedTools.Disks;
using QedTools.Qed.Files;
using QedTools.Qed.Format;

namespace QedTools.Qed.Checking;

/// <summary>
/// The full consistency check (QED specification, "Consistency checking"): every table entry leads to a place of its own
/// inside the file, and every cluster of the file is reached. Reads only.
/// </summary>
/// <remarks>
/// Two passes over the L1 table. The first notes all tables, so that the second, which reads the L2 tables, knows a data
/// entry that points into a table whichever comes first. Each L2 table is read once, however many entries lead to it, so
/// the time follows what is in the file and not what it claims. Tables are read beside each other and checked in order.
///
/// An L1 entry that leads to a data cluster makes a table of whatever that holds. Such a table is known by being data of the disk
/// and having faults of its own; the check is made again without it then, so that the one wrong entry counts as one.
/// </remarks>
internal sealed class ImageChecker
{
    private const int MaxDetails = 1000;

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
    private readonly Dictionary<long, TableVerdict> _faultyTables = []; // by the L1 entries that lead to them
    private readonly HashSet<long> _noTables;
    private readonly List<QedCorruption> _corruptions = [];
    private long _corruptionCount;
    private long _allocated;
    private long _zero;
    private long _fragmented;
    private long _tableCount;
    private long _l1IndexBefore = -1;
    private long _dataBefore;
    private TableVerdict _verdict;

    private ImageChecker(
        QedFile file, HashSet<long> noTables, IProgress<OperationProgress>? progress, CancellationToken cancellation)
    {
        _file = file;
        _noTables = noTables;
        _layout = file.Layout;
        _geometry = _layout.Geometry;
        _progress = progress;
        _virtualSize = file.VirtualSize;
        _l1Used = _geometry.L1EntriesFor(_virtualSize);
        _reader = new TableReader(file.Storage, _geometry, cancellation);
        _cancellation = cancellation;
    }

    /// <summary>Checks an image.</summary>
    /// <param name="file">The image; nobody may change it meanwhile.</param>
    /// <param name="progress">Is told the bytes of tables read; may be null.</param>
    /// <param name="cancellation">Stops the check.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="QedException">The file could not be read.</exception>
    public static QedCheckResult Check(QedFile file, IProgress<OperationProgress>? progress, CancellationToken cancellation) =>
        Survey(file, progress, cancellation).Result;

    /// <summary>Checks an image and tells which clusters are in use.</summary>
    /// <param name="file">The image; nobody may change it meanwhile.</param>
    /// <param name="progress">Is told the bytes of tables read; may be null.</param>
    /// <param name="cancellation">Stops the check.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="QedException">The file could not be read.</exception>
    public static ImageSurvey Survey(QedFile file, IProgress<OperationProgress>? progress, CancellationToken cancellation)
    {
        ImageChecker checker = new(file, [], progress, cancellation);
        QedCheckResult result = checker.Run();
        if (checker.TablesMadeOfData() is { Count: > 0 } noTables)
        {
            checker = new ImageChecker(file, noTables, progress, cancellation);
            result = checker.Run();
        }

        return new ImageSurvey(result, checker._tableClusters, checker._dataClusters);
    }

    private QedCheckResult Run()
    {
        MarkTable(_file.L1TableOffset);
        CheckL1Length();
        _reader.Read(_file.L1TableOffset, NoteTables);
        OrderedWork.Run(Batches(), () => new BatchWorker(this), ReportProgress, _cancellation);

        long used = _tableClusters.Count + _dataClusters.Count;
        long leaked = _layout.UsableClusters + (IsPartInUse() ? 1 : 0) - used;
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
            CorruptionCount = _corruptionCount,
            Corruptions = new ResultList<QedCorruption>(_corruptions.ToArray()),
            ImageEndOffset = _geometry.EndOf(lastUsed),
        };
    }

    // A part of a cluster at the end of the file that nothing refers to is no leak.
    private bool IsPartInUse()
    {
        long last = _geometry.ClusterAt(_layout.FileLength);
        return _geometry.OffsetInCluster(_layout.FileLength) != 0 && (_tableClusters.Contains(last) || _dataClusters.Contains(last));
    }

    private HashSet<long> TablesMadeOfData()
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

    // First pass: every valid table's clusters are taken, and faults of the L1 entries are found.
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

            if (_noTables.Contains(index))
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

    // Second pass: every table that an entry leads to, once. Small tables come several at a time.
    private IEnumerable<TableBatch> Batches()
    {
        ulong[] l1 = new ulong[_reader.PieceEntries];
        TableBatch batch = new();
        foreach (TablePiece l1Piece in _reader.PiecesOf(_file.L1TableOffset))
        {
            _reader.Read(l1Piece, l1);
            for (int i = 0; i < l1Piece.Count; i++)
            {
                ClusterEntry entry = new(l1[i]);
                if (entry.IsUnallocated
                    || entry.ProblemIn(_layout, _geometry.TableSize) is not (EntryProblem.None or EntryProblem.CutShort)
                    || _noTables.Contains(l1Piece.FirstIndex + i)
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
        if (l1Index != _l1IndexBefore)
        {
            _l1IndexBefore = l1Index;
            _dataBefore = 0;
            _verdict = new TableVerdict(tableOffset, Sound: 0, Faulty: 0);
        }

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
                run = CountSoundData(rest, entry, used - index);
                if (run > 0)
                {
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
        _fragmented += _dataBefore != 0 && offset != _dataBefore + _geometry.ClusterSize ? 1 : 0;
        _dataBefore = offset + _geometry.BytesOf(clusters - 1);
    }

    // How many entries lead to clusters side by side that are all inside the file, inside the disk and nobody else's; those
    // are taken then. 0 if the first one must be looked at alone.
    private int CountSoundData(ReadOnlySpan<ulong> entries, ClusterEntry first, long used)
    {
        if (used <= 0 || first.ProblemIn(_layout, 1) != EntryProblem.None)
        {
            return 0;
        }

        long inFile = _layout.ClustersFrom(first.Offset);
        int most = (int)Math.Min(entries.Length, Math.Min(inFile, used));
        int run = EntryScan.CountContiguous(entries.Slice(0, most), first.Value, (uint)_geometry.ClusterSize);
        long cluster = _geometry.ClusterAt(first.Offset);
        return !_tableClusters.Overlaps(cluster, run) && _dataClusters.AddRange(cluster, run) ? run : 0;
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

    // All clusters of a table that are there, even if some are taken: what lies in them is in use either way.
    private bool MarkTable(long offset)
    {
        long first = _geometry.ClusterAt(offset);
        long end = Math.Min(first + _geometry.TableSize, _geometry.ClustersCovering(_layout.FileLength));
        bool isAlone = true;
        for (long cluster = first; cluster < end; cluster++)
        {
            isAlone &= _tableClusters.Add(cluster);
        }

        return isAlone;
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

    // How many of a table's data entries are sound.
    private readonly record struct TableVerdict(long Offset, long Sound, long Faulty);

    private sealed class BatchWorker(ImageChecker checker) : IPieceWorker<TableBatch>
    {
        private ulong[] _entries = [];

        public void Prepare(TableBatch batch)
        {
            if (_entries.Length < batch.Entries)
            {
                _entries = new ulong[batch.Entries];
            }

            Span<ulong> free = _entries;
            for (int i = 0; i < batch.Count; i++)
            {
                checker._reader.Read(batch[i].Piece, free);
                free = free.Slice(batch[i].Piece.Count);
            }
        }

        public void Finish(TableBatch batch)
        {
            ReadOnlySpan<ulong> entries = _entries;
            for (int i = 0; i < batch.Count; i++)
            {
                (long l1Index, TablePiece piece) = batch[i];
                checker.CheckPiece(l1Index, piece.TableOffset, piece.FirstIndex, entries.Slice(0, piece.Count));
                entries = entries.Slice(piece.Count);
            }
        }
    }
}
