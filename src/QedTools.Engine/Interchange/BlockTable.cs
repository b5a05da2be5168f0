using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange;

/// <summary>
/// A table of 32-bit entries in a file, one for each block of a disk. Pages of it are in memory, as many as fit into a fixed
/// budget; what a new file's writer changes goes back when a page gives way or at <see cref="WriteBack()"/>.
/// </summary>
/// <remarks>Many may read while one writes.</remarks>
/// <param name="storage">The file.</param>
/// <param name="offset">Where the table begins in it, in bytes.</param>
/// <param name="count">How many entries it has; all lie in the file.</param>
/// <param name="isBigEndian">The byte order of an entry.</param>
internal sealed class BlockTable(IStorage storage, long offset, long count, bool isBigEndian)
{
    private const int PageEntries = 4096;
    private const int MostPages = 256;

    private readonly object _gate = new();
    private readonly Dictionary<long, Page> _pages = [];
    private readonly Queue<Page> _order = new();

    /// <summary>An entry.</summary>
    /// <param name="index">0 to the number of entries - 1.</param>
    /// <exception cref="QedException">The file could not be read, or, by whoever changes entries, written.</exception>
    public uint this[long index]
    {
        get
        {
            lock (_gate)
            {
                return Find(index).Entries[index % PageEntries];
            }
        }

        set
        {
            lock (_gate)
            {
                Page page = Find(index);
                page.Entries[index % PageEntries] = value;
                page.IsChanged = true;
            }
        }
    }

    /// <summary>How many entries from one on are like it, as far as one page tells.</summary>
    /// <param name="index">0 to the number of entries - 1.</param>
    /// <param name="most">How many to look at; at least 1, not behind the last one.</param>
    /// <param name="entry">That entry.</param>
    /// <returns>At least 1.</returns>
    /// <exception cref="QedException">As for an entry.</exception>
    public long CountAlike(long index, long most, out uint entry)
    {
        lock (_gate)
        {
            ReadOnlySpan<uint> entries = Find(index).Entries.AsSpan((int)(index % PageEntries));
            entry = entries[0];
            return EntryScan.CountEqual(entries.Slice(0, (int)Math.Min(entries.Length, most)), entry);
        }
    }

    /// <summary>Writes a table whose bytes are all the same.</summary>
    /// <param name="storage">The file.</param>
    /// <param name="offset">Where the table begins in it, in bytes.</param>
    /// <param name="count">How many entries it has.</param>
    /// <param name="value">Each byte.</param>
    /// <returns>Where it ends, in bytes.</returns>
    /// <exception cref="QedException">The file could not be written.</exception>
    public static long Fill(IStorage storage, long offset, long count, byte value)
    {
        byte[] piece = new byte[64 << 10];
        piece.AsSpan().Fill(value);
        long end = offset + (count * sizeof(uint));
        while (offset < end)
        {
            int length = (int)Math.Min(piece.Length, end - offset);
            storage.Write(offset, piece.AsSpan(0, length));
            offset += length;
        }

        return end;
    }

    /// <summary>Writes all changed pages.</summary>
    /// <exception cref="QedException">The file could not be written.</exception>
    public void WriteBack()
    {
        lock (_gate)
        {
            foreach (Page page in _pages.Values)
            {
                WriteBack(page);
            }
        }
    }

    private Page Find(long index)
    {
        long number = index / PageEntries;
        if (_pages.TryGetValue(number, out Page? page))
        {
            return page;
        }

        // No entry is read outside the lock, so a page that gives way lends its memory to the next.
        uint[]? free = null;
        if (_pages.Count == MostPages)
        {
            Page oldest = _order.Dequeue();
            WriteBack(oldest);
            _pages.Remove(oldest.Number);
            free = oldest.Entries;
        }

        page = Load(number, free);
        _pages.Add(number, page);
        _order.Enqueue(page);
        return page;
    }

    private Page Load(long number, uint[]? free)
    {
        int length = (int)Math.Min(PageEntries, count - (number * PageEntries));
        uint[] entries = free?.Length == length ? free : new uint[length];
        Span<byte> bytes = MemoryMarshal.AsBytes(entries.AsSpan());
        storage.ReadExactly(OffsetOf(number), bytes);
        if (isBigEndian == BitConverter.IsLittleEndian)
        {
            for (int i = 0; i < entries.Length; i++)
            {
                entries[i] = BinaryPrimitives.ReverseEndianness(entries[i]);
            }
        }

        return new Page(number, entries);
    }

    private void WriteBack(Page page)
    {
        if (!page.IsChanged)
        {
            return;
        }

        Span<byte> bytes = new byte[page.Entries.Length * sizeof(uint)];
        for (int i = 0; i < page.Entries.Length; i++)
        {
            Span<byte> entry = bytes.Slice(i * sizeof(uint));
            if (isBigEndian)
            {
                BinaryPrimitives.WriteUInt32BigEndian(entry, page.Entries[i]);
            }
            else
            {
                BinaryPrimitives.WriteUInt32LittleEndian(entry, page.Entries[i]);
            }
        }

        storage.Write(OffsetOf(page.Number), bytes);
        page.IsChanged = false;
    }

    private long OffsetOf(long number) => offset + (number * PageEntries * sizeof(uint));

    private sealed class Page(long number, uint[] entries)
    {
        public long Number { get; } = number;

        public uint[] Entries { get; } = entries;

        public bool IsChanged { get; set; }
    }
}
