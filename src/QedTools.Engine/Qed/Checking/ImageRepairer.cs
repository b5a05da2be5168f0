using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using QedTools.Qed.Files;
using QedTools.Qed.Format;
using QedTools.Qed.Metadata;
using QedTools.Storage;

namespace QedTools.Qed.Checking;

/// <summary>
/// Repairs everything that <see cref="ImageChecker"/> finds in the tables: an entry that points nowhere is cleared, and an entry
/// that points to a place already in use gets its own copy. Everything that could be read before reads the same afterwards.
/// </summary>
/// <remarks>
/// First, entries that point past the end of the file are cleared, because copies will be put there. Then the L1 table is repaired:
/// afterwards no two L2 tables share a cluster. Then each L2 table. A copy is on the disk before an entry points to it, and only entries
/// are overwritten, so a crash leaves an image that can be repaired again. What was cut short at the end of the file is kept and padded
/// to its full size. Without a writer it only reports what it would do.
/// </remarks>
internal sealed class ImageRepairer
{
    private const int MaxCopiedEarly = 100_000;

    private readonly QedFile _file;
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
    private readonly List<DataInTable> _dataInTables = [];
    private readonly ClusterSet _tablesWithData = new();
    private readonly Dictionary<(long Table, long Index), long> _copiedEarly = [];
    private long _paddedEnd;
    private long? _cutTable;
    private readonly Dictionary<long, CopiedTable> _copied = [];
    private long _copiedClusters;
    private long _changedPages;
    private long _lastChangedPage = -1;
    private bool _hasCopied;

    private ImageRepairer(
        QedFile file, MetadataWriter? writer, RepairLog log, IProgress<OperationProgress>? progress, CancellationToken cancellation)
    {
        _file = file;
        _writer = writer;
        _log = log;
        _progress = progress;
        _cancellation = cancellation;
        _layout = file.Layout;
        _geometry = _layout.Geometry;
        _l1Reader = new TableReader(file.Storage, _geometry, cancellation);
        _l2Reader = new TableReader(file.Storage, _geometry, cancellation);
    }

    /// <summary>Repairs the tables of an image, or only reports what would be repaired.</summary>
    /// <param name="file">The image; nothing else may read or write it during the repair.</param>
    /// <param name="writer">Its writer; null to change nothing.</param>
    /// <param name="log">Receives every repair.</param>
    /// <param name="progress">Receives the number of table bytes processed; may be null.</param>
    /// <param name="cancellation">Cancels between two repairs; those already made stay.</param>
    /// <exception cref="OperationCanceledException">The repair was cancelled.</exception>
    /// <exception cref="QedException">The file could not be read or written.</exception>
    /// <returns>The effect on the file.</returns>
    public static TableRepairs RepairTables(
        QedFile file, MetadataWriter? writer, RepairLog log, IProgress<OperationProgress>? progress, CancellationToken cancellation) =>
        new ImageRepairer(file, writer, log, progress, cancellation).Run();

    private TableRepairs Run()
    {
        MarkTable(_file.L1TableOffset);
        NoteL1Length();
        _l1Reader.Read(_file.L1TableOffset, NoteTables);

        // What is cleared in one table is cleared in all that share it.
        List<CopiedTable> copied = [.. _conflicting.Select(table => Examine(table.L1Index, table.Offset))];
        PrepareToGrow();
        if (HasData(_file.L1TableOffset))
        {
            _l1Reader.Read(_file.L1TableOffset, ClearL1);
        }

        for (int i = 0; i < copied.Count; i++)
        {
            CopyTable(_conflicting[i].L1Index, _conflicting[i].Offset, copied[i]);
        }

        _l1Reader.Read(_file.L1TableOffset, ClearL1Zeroes);

        _writer?.Commit();
        RepairL2Tables();
        _writer?.Commit();

        // A partial cluster at the end of the file becomes a whole one when something is appended.
        long last = _geometry.ClusterAt(_layout.FileLength);
        bool isInUse = _tableClusters.Contains(last) || _dataClusters.Contains(last);
        long tail = (_hasCopied || isInUse) && _geometry.OffsetInCluster(_layout.FileLength) != 0 ? 1 : 0;
        return new TableRepairs(
            _geometry.BytesOf(_layout.UsableClusters + tail - _tableClusters.Count - _dataClusters.Count),
            _copiedClusters,
            PaddedEnd - _layout.FileLength,
            _geometry.BytesOf(_tableClusters.Count + _dataClusters.Count),
            _geometry.BytesOf(_tableClusters.Count),
            Math.Min(_geometry.BytesOf(_tableClusters.Count), _changedPages * TableCache.PageBytesFor(_geometry)));
    }

    private void NoteL1Length()
    {
        long missing = _layout.MissingBytes(_file.L1TableOffset, _geometry.TableSize);
        if (missing > 0)
        {
            long start = _geometry.VirtualOffset(_layout.EntriesIn(_file.L1TableOffset), 0);
            long lost = Math.Max(0, _file.VirtualSize - start);
            NotePaddedTable(_file.L1TableOffset, _file.L1TableOffset, start, lost, lost);
        }
    }

    private void NoteTables(long firstIndex, ReadOnlySpan<ulong> entries)
    {
        for (int i = 0; i < entries.Length; i++)
        {
            ClusterEntry entry = new(entries[i]);
            if (!IsTable(entry))
            {
                continue;
            }

            if (!MarkTable(entry.Offset))
            {
                _conflicting.Add((firstIndex + i, entry.Offset));
            }
            else if (_layout.MissingBytes(entry.Offset, _geometry.TableSize) > 0)
            {
                (long start, long length) = MappedBy(firstIndex + i);
                long lost = start < _file.VirtualSize ? LostOf(entry.Offset, length) : 0;
                NotePaddedTable(entry.Offset, QedGeometry.EntryOffset(_file.L1TableOffset, firstIndex + i), start, length, lost);
            }
        }
    }

    private bool IsTable(ClusterEntry entry) =>
        !entry.IsUnallocated && entry.ProblemIn(_layout, _geometry.TableSize) is EntryProblem.None or EntryProblem.CutShort;

    private bool IsData(ClusterEntry entry) =>
        !entry.IsUnallocated && !entry.IsZero && entry.ProblemIn(_layout, 1) is EntryProblem.None or EntryProblem.CutShort;

    private void ClearL1(long firstIndex, ReadOnlySpan<ulong> entries) => ClearL1(firstIndex, entries, zeroes: false);

    // Entries with the value of a zero entry: where an L2 table shares clusters with the L1 table, they are its zero clusters, so they
    // stay until it is copied. Meanwhile they point nowhere as L1 entries.
    private void ClearL1Zeroes(long firstIndex, ReadOnlySpan<ulong> entries) => ClearL1(firstIndex, entries, zeroes: true);

    private void ClearL1(long firstIndex, ReadOnlySpan<ulong> entries, bool zeroes)
    {
        for (int i = 0; i < entries.Length; i++)
        {
            ClusterEntry entry = new(entries[i]);
            if (!entry.IsUnallocated && entry.IsZero == zeroes && !IsTable(entry))
            {
                NoteTable(
                    firstIndex + i < _geometry.L1EntriesFor(_file.VirtualSize) ? QedRepairKind.TableEntryCleared : QedRepairKind.EntriesBeyondEndCleared,
                    firstIndex + i);
                _writer?.Clear(_file.L1TableOffset, firstIndex + i);
            }
        }
    }

    // The first table to claim clusters keeps them. One that shares some of them is not marked; its copy will share nothing.
    private bool MarkTable(long offset)
    {
        long first = _geometry.ClusterAt(offset);
        long end = Math.Min(first + _geometry.TableSize, _geometry.ClustersCovering(_layout.FileLength));
        return _tableClusters.AddRange(first, end - first);
    }

    // The copy points to copies of all valid data, so that it shares nothing with any other table.
    private void CopyTable(long l1Index, long offset, CopiedTable what)
    {
        NoteTable(QedRepairKind.TableCopied, l1Index);
        _hasCopied = true;
        long used = EntriesInDisk(l1Index);
        _log.AddLost(what.LostBytes);
        if (_writer is null)
        {
            CountCopies(_geometry.TableSize + what.Clusters);
            return;
        }

        long copy = _writer.Allocate(_geometry.TableSize);
        using WorkBuffer<ulong> copied = new(_l2Reader.PieceEntries);
        _l2Reader.Read(offset, (firstIndex, entries) =>
        {
            Span<ulong> changed = copied.AsSpan(0, entries.Length);
            for (int i = 0; i < entries.Length; i++)
            {
                _cancellation.ThrowIfCancellationRequested();
                ClusterEntry entry = new(entries[i]);
                bool isValidData = firstIndex + i < used && IsData(entry);
                changed[i] = isValidData ? (ulong)CopyCluster(entry.Offset) : entry.IsZero ? entry.Value : 0;
            }

            LittleEndian.Convert(changed);
            _file.Storage.Write(
                QedGeometry.EntryOffset(copy, firstIndex),
                System.Runtime.InteropServices.MemoryMarshal.AsBytes(changed));
        });
        _writer.Repoint(_file.L1TableOffset, l1Index, copy);
    }

    // Many entries can point to one table, so the answer is cached.
    private CopiedTable Examine(long l1Index, long table)
    {
        _cancellation.ThrowIfCancellationRequested();
        (long start, long length) = MappedBy(l1Index);
        bool isWhole = length == _geometry.BytesPerL2Table;
        if (start >= _file.VirtualSize)
        {
            return default;
        }

        if (isWhole && _copied.TryGetValue(table, out CopiedTable known))
        {
            return known;
        }

        long clusters = 0;
        long lost = LostOf(table, length);
        long used = EntriesInDisk(l1Index);
        _l2Reader.Read(table, (firstIndex, entries) =>
        {
            for (int i = 0; i < entries.Length && firstIndex + i < used; i++)
            {
                ClusterEntry entry = new(entries[i]);
                bool isData = IsData(entry);
                clusters += isData ? 1 : 0;
                if (!entry.IsUnallocated && !entry.IsZero)
                {
                    long mapped = MappedBy(l1Index, firstIndex + i).Length;
                    lost += isData ? LostOf(entry, mapped) : mapped;
                }
            }
        });
        CopiedTable result = new(clusters, lost);
        if (isWhole)
        {
            _copied[table] = result;
        }

        return result;
    }

    // How much of what a table maps is lost because the file ends before its last entries.
    private long LostOf(long table, long mapped) =>
        _layout.MissingBytes(table, _geometry.TableSize) > 0 ? Math.Max(0, mapped - _geometry.BytesOf(_layout.EntriesIn(table))) : 0;

    // How much of a cluster is lost because the file ends before the end of its data.
    private long LostOf(ClusterEntry data, long mapped) =>
        Math.Max(0, mapped - (_geometry.ClusterSize - _layout.MissingBytes(data.Offset, 1)));

    // Cannot overflow: all entries of all tables together point to at most 2^54 clusters.
    private void CountCopies(long clusters) => _copiedClusters += clusters;

    private void CountChange(long entryOffset)
    {
        long page = entryOffset / TableCache.PageBytesFor(_geometry);
        _changedPages += page == _lastChangedPage ? 0 : 1;
        _lastChangedPage = page;
    }

    // Entries that point past the end of the file are cleared before the file grows: otherwise a crash would leave them pointing to
    // whatever was appended. Entries for offsets past the end of the disk that point to data stay until tables are copied: another table
    // may use them to map that data. Data that is also a table is copied before that table changes, so that it stays as it was.
    private void PrepareToGrow()
    {
        FindDataInTables();
        if (!HasData(_file.L1TableOffset))
        {
            _l1Reader.Read(_file.L1TableOffset, ClearL1);
        }

        ForEachSingleTable((l1Index, table) =>
        {
            if (!HasData(table))
            {
                ForEachPointer(l1Index, table, (index, entry, isInDisk) =>
                {
                    if (!IsData(entry))
                    {
                        Clear(l1Index, table, index, isInDisk);
                    }
                });
            }
        });
        if (_writer is null)
        {
            return;
        }

        bool cutsData = _cutTable is { } cut && HasData(cut);
        if (!cutsData)
        {
            ClearCutEntry();
        }

        _writer.Commit();
        if (_paddedEnd > 0)
        {
            _writer.Pad(PaddedEnd);
        }

        foreach (DataInTable data in _dataInTables)
        {
            _copiedEarly.Add((data.Table, data.Index), CopyCluster(data.Offset));
        }

        if (cutsData)
        {
            ClearCutEntry();
        }
    }

    // If the end of the file cuts through an entry, the bytes of it that are there mean nothing without the others.
    private void ClearCutEntry()
    {
        if (_cutTable is { } table && (_layout.FileLength - table) % QedGeometry.EntrySize != 0)
        {
            _writer!.Clear(table, _layout.EntriesIn(table));
        }
    }

    private long PaddedEnd => _paddedEnd == 0 ? _layout.FileLength : Math.Max(_paddedEnd, _geometry.ClusterEnd(_layout.FileLength));

    private bool HasData(long table) => _tablesWithData.Overlaps(_geometry.ClusterAt(table), _geometry.TableSize);

    private void FindDataInTables()
    {
        ForEachSingleTable((l1Index, table) => ForEachPointer(l1Index, table, (index, entry, isInDisk) =>
        {
            if (!isInDisk || !IsData(entry))
            {
                return;
            }

            NotePaddedEnd(entry.Offset, 1);
            if (NoteTableWithData(entry) && _dataInTables.Count < MaxCopiedEarly)
            {
                _dataInTables.Add(new DataInTable(table, index, entry.Offset));
            }
        }));

        // The data of conflicting tables is copied with them. Each of these tables is scanned once.
        HashSet<long> seen = [];
        foreach ((long l1Index, long table) in _conflicting)
        {
            if (seen.Add(table))
            {
                ForEachPointer(l1Index, table, (_, entry, _) => _ = IsData(entry) && NoteTableWithData(entry));
            }
        }
    }

    private bool NoteTableWithData(ClusterEntry entry)
    {
        long cluster = _geometry.ClusterAt(entry.Offset);
        if (!_tableClusters.Contains(cluster))
        {
            return false;
        }

        _tablesWithData.Add(cluster);
        return true;
    }

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

    // The marked tables, each with the one entry that points to it. Conflicting tables need no repair: they are replaced by copies.
    private void ForEachSingleTable(Action<long, long> action)
    {
        HashSet<long> copied = [];
        foreach ((long l1Index, _) in _conflicting)
        {
            copied.Add(l1Index);
        }

        _l1Reader.Read(_file.L1TableOffset, (firstIndex, entries) =>
        {
            for (int i = 0; i < entries.Length; i++)
            {
                ClusterEntry entry = new(entries[i]);
                if (IsTable(entry) && !copied.Contains(firstIndex + i))
                {
                    action(firstIndex + i, entry.Offset);
                }
            }
        });
    }

    private void RepairL2(long l1Index, long table) => ForEachPointer(
        l1Index, table, (index, entry, isInDisk) => RepairEntry(l1Index, table, index, entry, isInDisk));

    // The entries of an L2 table that point, or are meant to point, to data.
    private void ForEachPointer(long l1Index, long table, EntryHandler handle)
    {
        long used = EntriesInDisk(l1Index);
        _l2Reader.Read(table, (firstIndex, entries) =>
        {
            for (int i = 0; i < entries.Length; i++)
            {
                ClusterEntry entry = new(entries[i]);
                if (!entry.IsUnallocated && !entry.IsZero)
                {
                    handle(firstIndex + i, entry, firstIndex + i < used);
                }
            }
        });
    }

    private void Clear(long l1Index, long table, long index, bool isInDisk)
    {
        Note(isInDisk ? QedRepairKind.EntriesCleared : QedRepairKind.EntriesBeyondEndCleared, l1Index, table, index);
        _writer?.Clear(table, index);
    }

    private void RepairEntry(long l1Index, long table, long index, ClusterEntry entry, bool isInDisk)
    {
        if (!isInDisk || !IsData(entry))
        {
            // Otherwise this was done before the file grew.
            if (HasData(table) || IsData(entry))
            {
                Clear(l1Index, table, index, isInDisk);
            }
        }
        else if (_tableClusters.Contains(_geometry.ClusterAt(entry.Offset)) || !_dataClusters.Add(_geometry.ClusterAt(entry.Offset)))
        {
            _cancellation.ThrowIfCancellationRequested();
            Note(QedRepairKind.DataCopied, l1Index, table, index);
            _log.AddLost(LostOf(entry, MappedBy(l1Index, index).Length));
            _hasCopied = true;
            CountCopies(1);
            if (_writer is not null)
            {
                _writer.Repoint(table, index, _copiedEarly.TryGetValue((table, index), out long copy) ? copy : CopyCluster(entry.Offset));
            }
        }
        else if (_layout.MissingBytes(entry.Offset, 1) > 0)
        {
            (long start, long length) = MappedBy(l1Index, index);
            long lost = LostOf(entry, length);
            NotePaddedEnd(entry.Offset, 1);
            _log.Add(QedRepair.ForPaddedData(QedGeometry.EntryOffset(table, index), start, length, lost));
            _log.AddLost(lost);
        }
    }

    private long CopyCluster(long offset)
    {
        long copy = _writer!.Allocate(1);
        // The new cluster reads as zeroes, so the missing part of a cluster that was cut short becomes zeroes.
        StorageCopy.Run(_file.Storage, offset, _file.Storage, copy, Math.Min(_geometry.ClusterSize, _layout.FileLength - offset));
        return copy;
    }

    private long EntriesInDisk(long l1Index)
    {
        long start = _geometry.VirtualOffset(l1Index, 0);
        return start >= _file.VirtualSize
            ? 0
            : Math.Min(_geometry.EntriesPerTable, _geometry.ClustersCovering(_file.VirtualSize - start));
    }

    private void Note(QedRepairKind kind, long l1Index, long table, long index)
    {
        (long start, long length) = MappedBy(l1Index, index);
        CountChange(QedGeometry.EntryOffset(table, index));
        _log.Add(kind, QedGeometry.EntryOffset(table, index), start, length);
    }

    private void NoteTable(QedRepairKind kind, long l1Index)
    {
        (long start, long length) = MappedBy(l1Index);
        CountChange(QedGeometry.EntryOffset(_file.L1TableOffset, l1Index));
        _log.Add(kind, QedGeometry.EntryOffset(_file.L1TableOffset, l1Index), start, length);
    }

    private void NotePaddedTable(long offset, long entryOffset, long virtualOffset, long length, long lost)
    {
        _cutTable = offset;
        NotePaddedEnd(offset, _geometry.TableSize);
        _log.Add(QedRepair.ForPaddedTable(entryOffset, virtualOffset, length, _layout.MissingBytes(offset, _geometry.TableSize), lost));
        _log.AddLost(lost);
    }

    private void NotePaddedEnd(long offset, int clusters)
    {
        if (_layout.MissingBytes(offset, clusters) > 0)
        {
            _paddedEnd = Math.Max(_paddedEnd, _geometry.EndOf(_geometry.ClusterAt(offset) + clusters - 1));
        }
    }

    // The part of the disk that an entry maps. For an entry past the end of the disk, all that it could map.
    private (long Start, long Length) MappedBy(long l1Index) => Clip(_geometry.VirtualOffset(l1Index, 0), _geometry.BytesPerL2Table);

    private (long Start, long Length) MappedBy(long l1Index, long index) =>
        Clip(_geometry.VirtualOffset(l1Index, index), _geometry.ClusterSize);

    private (long Start, long Length) Clip(long start, long length)
    {
        long end = start < _file.VirtualSize ? _file.VirtualSize : long.MaxValue;
        return (start, Math.Min(length, end - start));
    }

    private delegate void EntryHandler(long index, ClusterEntry entry, bool isInDisk);

    // What the copy of a table needs in the file, and how much of what the table maps is lost.
    private readonly record struct CopiedTable(long Clusters, long LostBytes);

    private readonly record struct DataInTable(long Table, long Index, long Offset);
}
