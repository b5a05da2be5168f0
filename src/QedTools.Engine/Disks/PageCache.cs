using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using QedTools.Storage;

namespace QedTools.Disks;

/// <summary>
/// Table entries of a file in memory, in pages of a fixed size, as many as fit into a fixed budget. Pages are aligned to their
/// size, counted from the origin, so that one place in the file is never in two pages.
/// </summary>
/// <remarks>
/// Many threads may read while one writes: entries that were returned stay valid, and an entry is one word. Entries are in the machine's
/// byte order. Changes are written to the file by <see cref="WriteBack"/> and, unless the layout keeps them, when their page is evicted.
/// </remarks>
/// <typeparam name="T">An entry: a byte, or a number of 32 or 64 bits.</typeparam>
internal sealed class PageCache<T>
    where T : unmanaged
{
    private static readonly int EntryBytes = MemoryMarshal.AsBytes(new T[1].AsSpan()).Length;

    private readonly IStorage _storage;
    private readonly PageReader _read;
    private readonly PageLayout _layout;
    private readonly bool _isSwapped;
    private readonly Dictionary<long, int> _slotOfPage = [];
    private readonly Page?[] _slots;
    private Page? _last;
    private int _hand;

    /// <param name="storage">The file, to write to.</param>
    /// <param name="read">Reads it.</param>
    /// <param name="layout">Where its pages are, and how many are kept.</param>
    public PageCache(IStorage storage, PageReader read, in PageLayout layout)
    {
        _storage = storage;
        _read = read;
        _layout = layout;
        _isSwapped = EntryBytes > 1 && layout.IsBigEndian == BitConverter.IsLittleEndian;
        _slots = new Page?[layout.MaxPages];
    }

    /// <summary>The lock held while pages are looked up; callers that combine several steps hold it too.</summary>
    public object Gate { get; } = new();

    /// <summary>The entries from an offset to the end of its page.</summary>
    /// <param name="offset">Where in the file, in bytes: an entry's start.</param>
    /// <returns>At least one; live: a writer's changes show.</returns>
    /// <exception cref="QedException">The file could not be read, or a page that had to be evicted could not be written.</exception>
    public ReadOnlySpan<T> From(long offset)
    {
        lock (Gate)
        {
            Page page = PageAt(offset, out int index);
            return page.Entries.AsSpan(index);
        }
    }

    /// <summary>Changes an entry in memory.</summary>
    /// <param name="offset">Where in the file, in bytes: an entry's start.</param>
    /// <param name="value">What it becomes.</param>
    /// <exception cref="QedException">As for <see cref="From"/>.</exception>
    public void Set(long offset, T value)
    {
        lock (Gate)
        {
            Page page = PageAt(offset, out int index);
            page.Entries[index] = value;
            page.MarkChanged(index, index + 1);
        }
    }

    /// <summary>The page that contains an entry. The caller must hold <see cref="Gate"/>.</summary>
    /// <param name="offset">Where in the file, in bytes: an entry's start.</param>
    /// <param name="index">Which entry of the page it is.</param>
    /// <exception cref="QedException">As for <see cref="From"/>.</exception>
    public Page PageAt(long offset, out int index)
    {
        long within = (offset - _layout.Origin) % _layout.PageBytes;
        long start = offset - within;
        index = (int)within / EntryBytes;
        if (_last is { } last && last.Offset == start)
        {
            last.RecentlyUsed = true;
            return last;
        }

        if (_slotOfPage.TryGetValue(start, out int slot))
        {
            Page found = _slots[slot]!;
            found.RecentlyUsed = true;
            _last = found;
            return found;
        }

        Page page = Load(start);
        slot = FreeSlot();
        _slots[slot] = page;
        _slotOfPage.Add(start, slot);
        _last = page;
        return page;
    }

    /// <summary>Writes the changes of all pages, in file order.</summary>
    /// <exception cref="QedException">The file could not be written; what was not written stays marked as changed.</exception>
    public void WriteBack()
    {
        lock (Gate)
        {
            List<Page> changed = [];
            foreach (Page? page in _slots)
            {
                if (page is { IsChanged: true })
                {
                    changed.Add(page);
                }
            }

            changed.Sort(static (a, b) => a.Offset.CompareTo(b.Offset));
            foreach (Page page in changed)
            {
                Store(page);
            }
        }
    }

    /// <summary>Writes the changes of a page. The caller must hold <see cref="Gate"/>.</summary>
    /// <returns>How much was written, in bytes.</returns>
    /// <exception cref="QedException">The file could not be written; what was not written stays marked as changed.</exception>
    public long Store(Page page)
    {
        (int first, int end) = page.Changed;
        if (!page.IsChanged)
        {
            return 0;
        }

        ReadOnlySpan<T> entries = page.Entries.AsSpan(first, end - first);
        if (_isSwapped)
        {
            T[] swapped = entries.ToArray();
            Swap(swapped);
            entries = swapped;
        }

        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(entries);
        _storage.Write(page.Offset + ((long)first * EntryBytes), bytes);
        page.MarkWritten();
        return bytes.Length;
    }

    /// <summary>Drops the pages of a part of the file, including their changes. The caller must hold <see cref="Gate"/>.</summary>
    /// <param name="offset">Where it begins, in bytes: a page's start.</param>
    /// <param name="length">Its length, in bytes: whole pages.</param>
    /// <param name="forgotten">Called with each dropped page.</param>
    public void Invalidate(long offset, long length, Action<Page> forgotten)
    {
        for (int slot = 0; slot < _slots.Length; slot++)
        {
            if (_slots[slot] is { } page && page.Offset >= offset && page.Offset < offset + length)
            {
                _slotOfPage.Remove(page.Offset);
                _slots[slot] = null;
                forgotten(page);
            }
        }

        _last = null;
    }

    private Page Load(long offset)
    {
        T[] entries = new T[_layout.PageBytes / EntryBytes];
        _read(offset, MemoryMarshal.AsBytes(entries.AsSpan()));
        Swap(entries);
        return new Page(offset, entries);
    }

    private void Swap(Span<T> entries)
    {
        if (!_isSwapped)
        {
            return;
        }

        if (EntryBytes == sizeof(ulong))
        {
            foreach (ref ulong entry in MemoryMarshal.Cast<T, ulong>(entries))
            {
                entry = BinaryPrimitives.ReverseEndianness(entry);
            }
        }
        else
        {
            foreach (ref uint entry in MemoryMarshal.Cast<T, uint>(entries))
            {
                entry = BinaryPrimitives.ReverseEndianness(entry);
            }
        }
    }

    // The clock algorithm: a page that was used since the hand last passed it stays for another round. So does a changed page that is to be
    // kept; its owner writes pages back before all of them are changed.
    private int FreeSlot()
    {
        while (true)
        {
            int slot = _hand;
            _hand = (_hand + 1) % _slots.Length;
            Page? page = _slots[slot];
            if (page is null)
            {
                return slot;
            }

            if (page.IsChanged && _layout.KeepsChanges)
            {
                continue;
            }

            if (page.RecentlyUsed)
            {
                page.RecentlyUsed = false;
                continue;
            }

            Store(page);
            _slotOfPage.Remove(page.Offset);
            return slot;
        }
    }

    /// <summary>A page's entries; they stay valid for readers after the page has left the cache.</summary>
    /// <param name="offset">Where it is in the file, in bytes.</param>
    /// <param name="entries">The entries.</param>
    internal sealed class Page(long offset, T[] entries)
    {
        /// <summary>Where it is in the file, in bytes.</summary>
        public long Offset { get; } = offset;

        /// <summary>The entries.</summary>
        public T[] Entries { get; } = entries;

        /// <summary>Whether it was used since the clock hand passed it.</summary>
        public bool RecentlyUsed { get; set; } = true;

        /// <summary>The range of changed entries; the end is 0 if there are none.</summary>
        public (int First, int End) Changed { get; private set; }

        /// <summary>Whether there are changes that are not in the file yet.</summary>
        public bool IsChanged => Changed.End > 0;

        /// <summary>Records changed entries.</summary>
        /// <returns>True if there were none before.</returns>
        public bool MarkChanged(int first, int end)
        {
            bool isFirst = !IsChanged;
            Changed = isFirst ? (first, end) : (Math.Min(first, Changed.First), Math.Max(end, Changed.End));
            return isFirst;
        }

        /// <summary>Records that all changes are in the file.</summary>
        public void MarkWritten() => Changed = default;
    }
}
