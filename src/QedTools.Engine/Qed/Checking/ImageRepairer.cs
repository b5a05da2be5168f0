using System;
using System.Collections.Generic;
using System.Threading;
using QedTools.Qed.Format;
using QedTools.Qed.Metadata;
using QedTools.Storage;

namespace QedTools.Qed.Checking;

/// <summary>
/// Repairs all that <see cref="ImageChecker"/> finds in the tables: what leads nowhere is cleared, what leads to a place
/// that is taken gets a copy of its own. Everything that can be read before reads the same afterwards.
/// </summary>
/// <remarks>
/// First the L1 table: afterwards no two L2 tables share a cluster. Then each L2 table. A copy is on the disk before an entry
/// leads to it and nothing is overwritten but entries, so a crash leaves an image that can be repaired again. With no
/// writer it only tells what it would do.
/// </remarks>
internal sealed class ImageRepairer
{
    private const int MostCopiedEarly = 100_000;

    private readonly QedImage _image;
    private readonly MetadataWriter? _writer;
    private readonly RepairLog _log;
    private readonly IProgress<OperationProgress>? _progress;
    private readonly CancellationToken _cancellation;
    private readonly ImageLayout _layout;
    private readonly QedGeometry _geometry;
    private readonly TableReader _l1Reader;
    private readonly TableReader _l2Reader;
    private readonly ClusterSet _tableClusters = new();
    private readonly ClusterSet _dataClusters = new();
    private readonly List<(long L1Index, long Offset)> _conflicting = [];
    private readonly Dictionary<(long Table, long Index), long> _copiedEarly = [];
    private readonly Dictionary<long, long> _dataInCopied = [];
    private long _copiedClusters;
    private long _changedPages;
    private long _lastChangedPage = -1;
    private bool _hasCopied;

    private ImageRepairer(
        QedImage image, MetadataWriter? writer, RepairLog log, IProgress<OperationProgress>? progress, CancellationToken cancellation)
    {
        _image = image;
        _writer = writer;
        _log = log;
        _progress = progress;
        _cancellation = cancellation;
        _layout = image.Layout;
        _geometry = _layout.Geometry;
        _l1Reader = new TableReader(image.Storage, _geometry, cancellation);
        _l2Reader = new TableReader(image.Storage, _geometry, cancellation);
    }

    /// <summary>Repairs the tables of an image, or tells what that would be.</summary>
    /// <param name="image">The image; nobody reads or writes it meanwhile.</param>
    /// <param name="writer">Its writer; null to change nothing.</param>
    /// <param name="log">Is told every repair.</param>
    /// <param name="progress">Is told the tables dealt with; may be null.</param>
    /// <param name="cancellation">Stops between two repairs; those made so far stay.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="QedException">The file could not be read or written.</exception>
    /// <returns>What becomes of the file.</returns>
    public static TableRepairs RepairTables(
        QedImage image, MetadataWriter? writer, RepairLog log, IProgress<OperationProgress>? progress, CancellationToken cancellation) =>
        new ImageRepairer(image, writer, log, progress, cancellation).Run();

    private TableRepairs Run()
    {
        MarkTable(_image.L1TableOffset);
        _l1Reader.Read(_image.L1TableOffset, NoteTables);
        if (_writer is not null)
        {
            CopyDataInTables();
        }

        _l1Reader.Read(_image.L1TableOffset, ClearL1);
        foreach ((long l1Index, long offset) in _conflicting)
        {
            CopyTable(l1Index, offset);
        }

        _writer?.Commit();
        RepairL2Tables();
        _writer?.Commit();

        // A part of a cluster at the end of the file becomes a whole one when something is put behind it.
        long tail = _hasCopied && _geometry.OffsetInCluster(_layout.FileLength) != 0 ? 1 : 0;
        return new TableRepairs(
            _geometry.BytesOf(_layout.UsableClusters + tail - _tableClusters.Count - _dataClusters.Count),
            _copiedClusters,
            _geometry.BytesOf(_tableClusters.Count),
            Math.Min(_geometry.BytesOf(_tableClusters.Count), _changedPages * TableCache.PageBytesFor(_geometry)));
    }

    private void NoteTables(long firstIndex, ReadOnlySpan<ulong> entries)
    {
        for (int i = 0; i < entries.Length; i++)
        {
            ClusterEntry entry = new(entries[i]);
            if (!entry.IsUnallocated
                && entry.ProblemIn(_layout, _geometry.TableSize) == EntryProblem.None
                && !MarkTable(entry.Offset))
            {
                _conflicting.Add((firstIndex + i, entry.Offset));
            }
        }
    }

    private void ClearL1(long firstIndex, ReadOnlySpan<ulong> entries)
    {
        for (int i = 0; i < entries.Length; i++)
        {
            ClusterEntry entry = new(entries[i]);
            if (entry.IsUnallocated)
            {
                continue;
            }

            long index = firstIndex + i;
            if (entry.ProblemIn(_layout, _geometry.TableSize) != EntryProblem.None)
            {
                NoteTable(QedRepairKind.TableEntryCleared, index);
                _writer?.Clear(_image.L1TableOffset, index);
            }
        }
    }

    // The first table to claim clusters keeps them; one that shares some with it is not marked, its copy will be alone.
    private bool MarkTable(long offset)
    {
        long first = _geometry.ClusterAt(offset);
        for (long cluster = first; cluster < first + _geometry.TableSize; cluster++)
        {
            if (_tableClusters.Contains(cluster))
            {
                return false;
            }
        }

        for (long cluster = first; cluster < first + _geometry.TableSize; cluster++)
        {
            _tableClusters.Add(cluster);
        }

        return true;
    }

    // The copy leads to copies of all valid data, so that it shares nothing with anyone.
    private void CopyTable(long l1Index, long offset)
    {
        NoteTable(QedRepairKind.TableCopied, l1Index);
        _hasCopied = true;
        long used = EntriesInDisk(l1Index);
        if (_writer is null)
        {
            CountCopies(_geometry.TableSize + CountData(offset, used));
            return;
        }

        long copy = _writer.Take(_geometry.TableSize);
        ulong[] changed = [];
        _l2Reader.Read(offset, (firstIndex, entries) =>
        {
            if (changed.Length < entries.Length)
            {
                changed = new ulong[entries.Length];
            }

            for (int i = 0; i < entries.Length; i++)
            {
                _cancellation.ThrowIfCancellationRequested();
                ClusterEntry entry = new(entries[i]);
                bool isValidData = IsValidData(entry, firstIndex + i, used);
                changed[i] = isValidData ? (ulong)CopyCluster(entry.Offset) : entry.IsZero ? entry.Value : 0;
            }

            LittleEndian.Convert(changed.AsSpan(0, entries.Length));
            _image.Storage.Write(
                QedGeometry.EntryOffset(copy, firstIndex),
                System.Runtime.InteropServices.MemoryMarshal.AsBytes(changed.AsSpan(0, entries.Length)));
        });
        _writer.Repoint(_image.L1TableOffset, l1Index, copy);
    }

    private bool IsValidData(ClusterEntry entry, long index, long used) =>
        !entry.IsUnallocated && !entry.IsZero && index < used && entry.ProblemIn(_layout, 1) == EntryProblem.None;

    // Many entries can lead to one table, so the answer is remembered.
    private long CountData(long table, long used)
    {
        bool isWhole = used == _geometry.EntriesPerTable;
        if (used == 0)
        {
            return 0;
        }

        if (isWhole && _dataInCopied.TryGetValue(table, out long known))
        {
            return known;
        }

        long count = 0;
        _l2Reader.Read(table, (firstIndex, entries) =>
        {
            for (int i = 0; i < entries.Length; i++)
            {
                count += IsValidData(new ClusterEntry(entries[i]), firstIndex + i, used) ? 1 : 0;
            }
        });
        if (isWhole)
        {
            _dataInCopied[table] = count;
        }

        return count;
    }

    // At most what all entries of all tables can lead to, which is no more than 2^54.
    private void CountCopies(long clusters) => _copiedClusters += clusters;

    private void CountChange(long entryOffset)
    {
        long page = entryOffset / TableCache.PageBytesFor(_geometry);
        _changedPages += page == _lastChangedPage ? 0 : 1;
        _lastChangedPage = page;
    }

    // Data that is a table at the same time is copied before any table changes, so that it stays what it was.
    private void CopyDataInTables() => ForEachSingleTable((l1Index, table) =>
    {
        long used = EntriesInDisk(l1Index);
        _l2Reader.Read(table, (firstIndex, entries) =>
        {
            for (int i = 0; i < entries.Length && firstIndex + i < used && _copiedEarly.Count < MostCopiedEarly; i++)
            {
                ClusterEntry entry = new(entries[i]);
                if (!entry.IsUnallocated
                    && !entry.IsZero
                    && entry.ProblemIn(_layout, 1) == EntryProblem.None
                    && _tableClusters.Contains(_geometry.ClusterAt(entry.Offset)))
                {
                    _copiedEarly.Add((table, firstIndex + i), CopyCluster(entry.Offset));
                }
            }
        });
    });

    private void RepairL2Tables()
    {
        long tables = (_tableClusters.Count / _geometry.TableSize) - 1;
        long done = 0;
        ForEachSingleTable((l1Index, table) =>
        {
            RepairL2(l1Index, table);
            done++;
            _progress?.Report(new OperationProgress(done * _geometry.TableBytes, tables * _geometry.TableBytes));
        });
    }

    // The tables that were marked, each led to by one entry; those that are copied for being in conflict are whole.
    private void ForEachSingleTable(Action<long, long> action)
    {
        HashSet<long> copied = [];
        foreach ((long l1Index, _) in _conflicting)
        {
            copied.Add(l1Index);
        }

        _l1Reader.Read(_image.L1TableOffset, (firstIndex, entries) =>
        {
            for (int i = 0; i < entries.Length; i++)
            {
                ClusterEntry entry = new(entries[i]);
                if (!entry.IsUnallocated
                    && !copied.Contains(firstIndex + i)
                    && entry.ProblemIn(_layout, _geometry.TableSize) == EntryProblem.None)
                {
                    action(firstIndex + i, entry.Offset);
                }
            }
        });
    }

    private void RepairL2(long l1Index, long table)
    {
        long used = EntriesInDisk(l1Index);
        _l2Reader.Read(table, (firstIndex, entries) =>
        {
            for (int i = 0; i < entries.Length; i++)
            {
                ClusterEntry entry = new(entries[i]);
                if (!entry.IsUnallocated && !entry.IsZero)
                {
                    RepairEntry(l1Index, table, firstIndex + i, entry, firstIndex + i < used);
                }
            }
        });
    }

    private void RepairEntry(long l1Index, long table, long index, ClusterEntry entry, bool isInDisk)
    {
        if (entry.ProblemIn(_layout, 1) != EntryProblem.None)
        {
            Note(isInDisk ? QedRepairKind.EntriesCleared : QedRepairKind.EntriesBeyondEndCleared, l1Index, table, index);
            _writer?.Clear(table, index);
        }
        else if (!isInDisk)
        {
            Note(QedRepairKind.EntriesBeyondEndCleared, l1Index, table, index);
            _writer?.Clear(table, index);
        }
        else if (_tableClusters.Contains(_geometry.ClusterAt(entry.Offset)) || !_dataClusters.Add(_geometry.ClusterAt(entry.Offset)))
        {
            _cancellation.ThrowIfCancellationRequested();
            Note(QedRepairKind.DataCopied, l1Index, table, index);
            _hasCopied = true;
            CountCopies(1);
            if (_writer is not null)
            {
                _writer.Repoint(table, index, _copiedEarly.TryGetValue((table, index), out long copy) ? copy : CopyCluster(entry.Offset));
            }
        }
    }

    private long CopyCluster(long offset)
    {
        long copy = _writer!.Take(1);
        StorageCopy.Run(_image.Storage, offset, _image.Storage, copy, _geometry.ClusterSize);
        return copy;
    }

    private long EntriesInDisk(long l1Index)
    {
        long start = _geometry.VirtualOffset(l1Index, 0);
        return start >= _image.VirtualSize
            ? 0
            : Math.Min(_geometry.EntriesPerTable, _geometry.ClustersCovering(_image.VirtualSize - start));
    }

    private void Note(QedRepairKind kind, long l1Index, long table, long index)
    {
        long start = _geometry.VirtualOffset(l1Index, index);
        long end = start < _image.VirtualSize ? _image.VirtualSize : long.MaxValue;
        CountChange(QedGeometry.EntryOffset(table, index));
        _log.Add(kind, QedGeometry.EntryOffset(table, index), start, Math.Min(_geometry.ClusterSize, end - start));
    }

    private void NoteTable(QedRepairKind kind, long l1Index)
    {
        long start = _geometry.VirtualOffset(l1Index, 0);
        long end = start < _image.VirtualSize ? _image.VirtualSize : long.MaxValue;
        CountChange(QedGeometry.EntryOffset(_image.L1TableOffset, l1Index));
        _log.Add(kind, QedGeometry.EntryOffset(_image.L1TableOffset, l1Index), start, Math.Min(_geometry.BytesPerL2Table, end - start));
    }
}
