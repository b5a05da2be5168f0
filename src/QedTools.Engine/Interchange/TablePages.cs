using System;
using System.Buffers.Binary;
using QedTools.Storage;

namespace QedTools.Interchange;

/// <summary>
/// Tables of a file in memory, in pages of a fixed size that lie at multiples of it in the file, as many as there are slots.
/// Many may read while one writes.
/// </summary>
/// <param name="file">The file.</param>
/// <param name="pageBytes">A page's size, in bytes: of a file that is written to, no page holds anything but tables.</param>
/// <param name="slots">How many pages are kept at the most.</param>
/// <param name="end">Where a file that is read ended when it was opened, in bytes; null for one that is being made, where a table just
/// begun is all zeroes.</param>
internal sealed class TablePages(IStorage file, int pageBytes, int slots, long? end)
{
    private readonly object _gate = new();
    private readonly Page?[] _slots = new Page?[slots];

    /// <summary>The bytes from an offset to the end of the page that it lies in.</summary>
    /// <param name="offset">Where in the file, in bytes.</param>
    /// <returns>At least one byte; alive: a writer's changes show.</returns>
    /// <exception cref="QedException">The file could not be read, or a page that had to give way not be written.</exception>
    public ReadOnlySpan<byte> At(long offset)
    {
        lock (_gate)
        {
            return PageOf(offset).Bytes.AsSpan((int)(offset % pageBytes));
        }
    }

    /// <summary>Changes a little-endian number in memory.</summary>
    /// <param name="offset">Where in the file, in bytes: a multiple of 8.</param>
    /// <param name="value">What it becomes.</param>
    /// <exception cref="QedException">As for <see cref="At"/>.</exception>
    public void Set(long offset, ulong value)
    {
        lock (_gate)
        {
            Page page = PageOf(offset);
            int at = (int)(offset % pageBytes);
            BinaryPrimitives.WriteUInt64LittleEndian(page.Bytes.AsSpan(at), value);
            page.MarkChanged(at, at + sizeof(ulong));
        }
    }

    /// <summary>Writes what was changed to the file.</summary>
    /// <exception cref="QedException">The file could not be written; what was not written is still to be.</exception>
    public void WriteBack()
    {
        lock (_gate)
        {
            foreach (Page? page in _slots)
            {
                if (page is not null)
                {
                    Store(page);
                }
            }
        }
    }

    private Page PageOf(long offset)
    {
        long number = offset / pageBytes;
        ref Page? slot = ref _slots[number % slots];
        if (slot?.Number == number)
        {
            return slot;
        }

        if (slot is not null)
        {
            Store(slot);
        }

        Page page = new(number, pageBytes);
        long start = number * pageBytes;
        if (end is { } known)
        {
            // No table reaches behind the end of the file, but the page of the last one can.
            file.ReadExactly(start, page.Bytes.AsSpan(0, (int)Math.Max(0, Math.Min(pageBytes, known - start))));
        }
        else
        {
            file.Read(start, page.Bytes);
        }

        slot = page;
        return page;
    }

    private void Store(Page page)
    {
        (int first, int end) = page.Changed;
        if (end > 0)
        {
            file.Write((page.Number * pageBytes) + first, page.Bytes.AsSpan(first, end - first));
            page.MarkWritten();
        }
    }

    private sealed class Page(long number, int length)
    {
        public long Number { get; } = number;

        public byte[] Bytes { get; } = new byte[length];

        public (int First, int End) Changed { get; private set; }

        public void MarkChanged(int first, int end) =>
            Changed = Changed.End == 0 ? (first, end) : (Math.Min(first, Changed.First), Math.Max(end, Changed.End));

        public void MarkWritten() => Changed = default;
    }
}
