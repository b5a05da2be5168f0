using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using QedTools.Qed.Format;
using QedTools.Storage;

namespace QedTools.Qed.Metadata;

/// <summary>
/// The L1 and L2 tables of an image in memory, in pages of a fixed size, as many as fit into a fixed budget. A page lies
/// at a multiple of its size in the file, so that one place in the file is never in two pages.
/// </summary>
internal sealed class TableCache
{
    private const int LargestPage = 64 << 10;
    private const int Budget = 16 << 20;

    private readonly object _gate = new();
    private readonly IStorage _storage;
    private readonly int _pageBytes;
    private readonly Dictionary<long, int> _slotOfPage = [];
    private readonly TablePage[] _slots;
    private int _used;
    private int _hand;

    /// <param name="storage">The image's file.</param>
    /// <param name="geometry">Its sizes: a page is a cluster, or 64 KiB where clusters are larger.</param>
    public TableCache(IStorage storage, QedGeometry geometry)
    {
        _storage = storage;
        _pageBytes = Math.Min(LargestPage, geometry.ClusterSize);
        _slots = new TablePage[Budget / _pageBytes];
    }

    /// <summary>The entries of a table from <paramref name="index"/> to the end of the page they are in.</summary>
    /// <param name="tableOffset">Where the table is in the file, in bytes: a multiple of the cluster size.</param>
    /// <param name="index">The first entry wanted.</param>
    /// <returns>At least one entry; as stored, in the machine's byte order.</returns>
    /// <exception cref="QedException">The file could not be read.</exception>
    public ReadOnlySpan<ulong> Entries(long tableOffset, long index)
    {
        long at = QedGeometry.EntryOffset(tableOffset, index);
        long page = at & ~(_pageBytes - 1L);
        return PageAt(page).Entries.AsSpan((int)((at - page) / QedGeometry.EntrySize));
    }

    private TablePage PageAt(long offset)
    {
        lock (_gate)
        {
            if (_slotOfPage.TryGetValue(offset, out int slot))
            {
                _slots[slot].RecentlyUsed = true;
                return _slots[slot];
            }

            TablePage page = Load(offset);
            slot = FreeSlot();
            _slots[slot] = page;
            _slotOfPage.Add(offset, slot);
            return page;
        }
    }

    private TablePage Load(long offset)
    {
        ulong[] entries = new ulong[_pageBytes / QedGeometry.EntrySize];
        _storage.Read(offset, MemoryMarshal.AsBytes(entries.AsSpan()));
        if (!BitConverter.IsLittleEndian)
        {
            for (int i = 0; i < entries.Length; i++)
            {
                entries[i] = BinaryPrimitives.ReverseEndianness(entries[i]);
            }
        }

        return new TablePage(offset, entries);
    }

    // The clock algorithm: a page that was used since the hand last passed it stays for another round.
    private int FreeSlot()
    {
        if (_used < _slots.Length)
        {
            return _used++;
        }

        while (_slots[_hand].RecentlyUsed)
        {
            _slots[_hand].RecentlyUsed = false;
            _hand = (_hand + 1) % _slots.Length;
        }

        int slot = _hand;
        _hand = (_hand + 1) % _slots.Length;
        _slotOfPage.Remove(_slots[slot].Offset);
        return slot;
    }

    /// <summary>A page's entries; they outlive the page's stay in the cache for whoever still reads them.</summary>
    private sealed class TablePage(long offset, ulong[] entries)
    {
        public long Offset { get; } = offset;

        public ulong[] Entries { get; } = entries;

        public bool RecentlyUsed { get; set; } = true;
    }
}
