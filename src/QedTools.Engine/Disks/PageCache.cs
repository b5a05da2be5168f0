using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using QedTools.Storage;

namespace QedTools.Disks;

/// <summary>
/// Table entries of a file in memory, in pages of a fixed size, as many as fit into a fixed budget. A page lies at a multiple of
/// its size from the origin on, so that one place in the file is never in two pages.
/// </summary>
/// <remarks>
/// Many may read while one writes: entries that were handed out stay alive, and an entry is one word. Entries are in the machine's byte
/// order. What is changed goes to the file at <see cref="WriteBack"/> and, unless the layout keeps it, when its page gives way.
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
        _slots = new Page?[layout.MostPages];
    }

    /// <summary>What is held while pages are looked up: whoever does several things at once holds it too.</summary>
    public object Gate { get; } = new();

    /// <summary>The entries from an offset to the end of the page that it lies in.</summary>
    /// <param name="offset">Where in the file, in bytes: an entry's start.</param>
    /// <returns>At least one; alive: a writer's changes show.</returns>
    /// <exception cref="QedException">The file could not be read, or a page that had to give way not be written.</exception>
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

    /// <summary>The page that an entry lies in. For whoever holds <see cref="Gate"/>.</summary>
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

    /// <summary>Writes what was changed of all pages, in their order.</summary>
    /// <exception cref="QedException">The file could not be written; what was not written is still to be.</exception>
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

    /// <summary>Writes what was changed of a page. For whoever holds <see cref="Gate"/>.</summary>
    /// <returns>How much was written, in bytes.</returns>
    /// <exception cref="QedException">The file could not be written; what was not written is still to be.</exception>
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

    /// <summary>Forgets what is in memory of a part of the file, changes too. For whoever holds <see cref="Gate"/>.</summary>
    /// <param name="offset">Where it begins, in bytes: a page's start.</param>
    /// <param name="length">Its length, in bytes: whole pages.</param>
    /// <param name="forgotten">Is told each page.</param>
    public void Forget(long offset, long length, Action<Page> forgotten)
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

    // The clock algorithm: a page that was used since the hand last passed it stays for another round, and so does a changed one that is to
    // be kept, whose owner writes before all are.
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

    /// <summary>A page's entries; they outlive the page's stay in the cache for whoever still reads them.</summary>
    /// <param name="offset">Where it is in the file, in bytes.</param>
    /// <param name="entries">The entries.</param>
    internal sealed class Page(long offset, T[] entries)
    {
        /// <summary>Where it is in the file, in bytes.</summary>
        public long Offset { get; } = offset;

        /// <summary>The entries.</summary>
        public T[] Entries { get; } = entries;

        /// <summary>Whether it was used since the hand passed it.</summary>
        public bool RecentlyUsed { get; set; } = true;

        /// <summary>From which entry to which one something was changed; the end is 0 if nothing was.</summary>
        public (int First, int End) Changed { get; private set; }

        /// <summary>Whether something was changed that is not in the file.</summary>
        public bool IsChanged => Changed.End > 0;

        /// <summary>Notes changed entries.</summary>
        /// <returns>True if there were none before.</returns>
        public bool MarkChanged(int first, int end)
        {
            bool isFirst = !IsChanged;
            Changed = isFirst ? (first, end) : (Math.Min(first, Changed.First), Math.Max(end, Changed.End));
            return isFirst;
        }

        /// <summary>Notes that all changes are in the file.</summary>
        public void MarkWritten() => Changed = default;
    }
}
