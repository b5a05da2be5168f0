using System;
using System.Collections.Generic;
using QedTools.Disks;
using QedTools.Qed.Format;
using QedTools.Storage;
using TablePage = QedTools.Disks.PageCache<ulong>.Page;

namespace QedTools.Qed.Metadata;

/// <summary>
/// The L1 and L2 tables of an image in memory, as many pages of them as fit into a fixed budget. No page holds parts of two tables.
/// </summary>
/// <remarks>
/// Many threads may read while one writes: an entry is one 64-bit word. Changed pages stay in memory until <see cref="WriteBack"/>,
/// whose caller orders them among the other writes. <see cref="IsFull"/> reports when it is due.
/// </remarks>
internal sealed class TableCache
{
    private const int MaxPageBytes = 64 << 10;
    private const int Budget = 16 << 20;
    private const int MaxLeadingRuns = 1 << 18;

    private readonly IStorage _storage;
    private readonly PageCache<ulong> _pages;
    private readonly int _pageBytes;
    private readonly int _maxPages;
    private readonly Dictionary<long, long> _leadingRuns = [];
    private readonly List<TablePage> _changedL2 = [];
    private readonly List<TablePage> _changedL1 = [];

    /// <param name="storage">The image's file.</param>
    /// <param name="read">Reads it, and knows what to return past its end.</param>
    /// <param name="geometry">Its sizes: a page is a cluster, or 64 KiB where clusters are larger.</param>
    public TableCache(IStorage storage, PageReader read, QedGeometry geometry)
    {
        _storage = storage;
        _pageBytes = PageBytesFor(geometry);
        _maxPages = Budget / _pageBytes;
        _pages = new PageCache<ulong>(storage, read, new PageLayout(_pageBytes, _maxPages) { KeepsChanges = true });
    }

    /// <summary>The size of a page, in bytes.</summary>
    public static int PageBytesFor(QedGeometry geometry) => Math.Min(MaxPageBytes, geometry.ClusterSize);

    /// <summary>Whether changes to L2 tables are waiting to be written.</summary>
    public bool HasChangedL2 => _changedL2.Count > 0;

    /// <summary>Whether changes to the L1 table are waiting to be written.</summary>
    public bool HasChangedL1 => _changedL1.Count > 0;

    /// <summary>Whether so many changes are waiting that they must be written before more are made.</summary>
    public bool IsFull => _changedL1.Count + _changedL2.Count >= _maxPages / 2;

    /// <summary>How many entries of a table from <paramref name="index"/> on are in one page.</summary>
    public long EntriesInPage(long index) => (_pageBytes / QedGeometry.EntrySize) - (index % (_pageBytes / QedGeometry.EntrySize));

    /// <summary>The entries of a table from <paramref name="index"/> to the end of the page they are in.</summary>
    /// <param name="tableOffset">Where the table is in the file, in bytes: a multiple of the cluster size.</param>
    /// <param name="index">The first entry wanted.</param>
    /// <returns>At least one entry; in the machine's byte order, and live: a writer's changes show.</returns>
    /// <exception cref="QedException">The file could not be read.</exception>
    public ReadOnlySpan<ulong> Entries(long tableOffset, long index) => _pages.From(QedGeometry.EntryOffset(tableOffset, index));

    /// <summary>How many entries at the start of a table are equal to the first one. The answer is cached.</summary>
    /// <param name="tableOffset">Where the table is in the file, in bytes.</param>
    /// <param name="entriesPerTable">How many entries it has.</param>
    /// <remarks>
    /// Without the cache, a crafted image whose L1 entries all point to one large empty table would make the engine scan
    /// that table millions of times.
    /// </remarks>
    /// <exception cref="QedException">The file could not be read.</exception>
    public long LeadingRun(long tableOffset, long entriesPerTable)
    {
        lock (_pages.Gate)
        {
            if (!_leadingRuns.TryGetValue(tableOffset, out long count))
            {
                count = MeasureLeadingRun(tableOffset, entriesPerTable);
                if (_leadingRuns.Count >= MaxLeadingRuns)
                {
                    _leadingRuns.Clear();
                }

                _leadingRuns.Add(tableOffset, count);
            }

            return count;
        }
    }

    /// <summary>How many entries are 0 because the file has a hole there, counted in whole pages without loading any of them.</summary>
    /// <param name="tableOffset">Where the table is in the file, in bytes.</param>
    /// <param name="index">The first entry, which begins a page.</param>
    /// <param name="end">The entry after the last one to look at.</param>
    /// <returns>0 also past the end of the file, which hosts report as a hole: loading a page shows whether something was there.</returns>
    /// <exception cref="QedException">The file could not be read.</exception>
    public long CountInHole(long tableOffset, long index, long end)
    {
        lock (_pages.Gate)
        {
            long at = QedGeometry.EntryOffset(tableOffset, index);
            StorageRange range = _storage.RangeAt(at, QedGeometry.EntryOffset(tableOffset, end) - at);
            long length = range.IsHole ? Math.Min(range.Length, Math.Max(0, _storage.Length - at)) & ~(_pageBytes - 1L) : 0;
            foreach (TablePage page in _changedL2)
            {
                // The page is waiting in memory to be written there.
                if (page.Offset >= at && page.Offset < at + length)
                {
                    length = page.Offset - at;
                }
            }

            return length / QedGeometry.EntrySize;
        }
    }

    /// <summary>Changes entries of a table, in memory.</summary>
    /// <param name="tableOffset">Where the table is in the file, in bytes.</param>
    /// <param name="isL1">Whether it is the L1 table.</param>
    /// <param name="index">The first entry.</param>
    /// <param name="count">How many; may span pages.</param>
    /// <param name="value">The first entry's new value.</param>
    /// <param name="step">How much larger each following entry is.</param>
    /// <exception cref="QedException">The file could not be read.</exception>
    public void Set(long tableOffset, bool isL1, long index, long count, ulong value, uint step)
    {
        lock (_pages.Gate)
        {
            _leadingRuns.Clear();
            while (count > 0)
            {
                TablePage page = Find(tableOffset, index, out int first);
                int here = (int)Math.Min(count, page.Entries.Length - first);
                Span<ulong> entries = page.Entries.AsSpan(first, here);

                // Most entries of a table that is truncated or zeroed have that value already, and writing them would fill the file's holes.
                if (step != 0 || entries[0] != value || EntryScan.CountEqual(entries, value) < here)
                {
                    for (int i = 0; i < entries.Length; i++)
                    {
                        entries[i] = value;
                        value += step;
                    }

                    if (page.MarkChanged(first, first + here))
                    {
                        (isL1 ? _changedL1 : _changedL2).Add(page);
                    }
                }

                index += here;
                count -= here;
            }
        }
    }

    /// <summary>Discards the pages in memory of a part of the file that is about to become something else.</summary>
    /// <param name="offset">Where it begins, in bytes: a multiple of the cluster size.</param>
    /// <param name="length">Its length, in bytes: likewise.</param>
    public void Invalidate(long offset, long length)
    {
        lock (_pages.Gate)
        {
            _leadingRuns.Clear();
            _pages.Invalidate(offset, length, page => _changedL2.Remove(page));
        }
    }

    /// <summary>Writes the changed entries of the L1 table or of all L2 tables to the file, without flushing it.</summary>
    /// <returns>How much was written, in bytes.</returns>
    /// <exception cref="QedException">The file could not be written; what was not written is still waiting.</exception>
    public long WriteBack(bool l1)
    {
        long bytes = 0;
        lock (_pages.Gate)
        {
            List<TablePage> changed = l1 ? _changedL1 : _changedL2;
            changed.Sort(static (a, b) => a.Offset.CompareTo(b.Offset));
            while (changed.Count > 0)
            {
                bytes += _pages.Store(changed[changed.Count - 1]);
                changed.RemoveAt(changed.Count - 1);
            }
        }

        return bytes;
    }

    private long MeasureLeadingRun(long tableOffset, long entriesPerTable)
    {
        TablePage firstPage = Find(tableOffset, 0, out int first);
        ulong value = firstPage.Entries[first];
        long count = 0;
        while (count < entriesPerTable)
        {
            if (value == 0 && CountInHole(tableOffset, count, entriesPerTable) is > 0 and var skipped)
            {
                count += skipped;
                continue;
            }

            TablePage page = Find(tableOffset, count, out int index);
            ReadOnlySpan<ulong> entries = page.Entries.AsSpan(index);
            if (entries[0] != value)
            {
                break;
            }

            int here = EntryScan.CountEqual(entries, value);
            count += here;
            if (here < entries.Length)
            {
                break;
            }
        }

        return Math.Min(count, entriesPerTable);
    }

    private TablePage Find(long tableOffset, long index, out int first) =>
        _pages.PageAt(QedGeometry.EntryOffset(tableOffset, index), out first);
}
