using System;
using QedTools.Disks;

namespace QedTools.Operations;

/// <summary>A new disk that only counts what its file would store: what is written to it in order, and nothing else, is possible.</summary>
/// <param name="size">How the file grows.</param>
/// <param name="virtualSize">The disk's size, in bytes.</param>
internal sealed class MeteredDisk(NewFileSize size, long virtualSize) : IDisk
{
    private Tally _units;
    private Tally _tables;
    private Tally _pages;

    public long Length => virtualSize;

    public bool CanWrite => true;

    /// <summary>The length of the file, in bytes.</summary>
    public long RequiredBytes => size.LengthFor(_units.Count, _tables.Count);

    /// <summary>What the file takes at most on a file system with holes, in bytes: its data in pages, and all the rest of it.</summary>
    public long AllocatedBytes
    {
        get
        {
            long held = (size.HoldsAll ? size.UnitsFor(virtualSize) : _units.Count) * size.Unit;
            return RequiredBytes - held + Math.Min(held, _pages.Count * HostPage.Size);
        }
    }

    /// <summary>The length of the file with all units stored, in bytes.</summary>
    public long FullyAllocatedBytes => size.FullLengthFor(virtualSize);

    /// <summary>Counts a range that is data; ranges come in order.</summary>
    /// <param name="offset">Where it begins, in bytes.</param>
    /// <param name="length">Its length, in bytes; may reach beyond the end of the disk.</param>
    public void AddData(long offset, long length)
    {
        length = Math.Min(length, virtualSize - offset);
        if (length <= 0)
        {
            return;
        }

        _units.Add(offset / size.Unit, (offset + length - 1) / size.Unit);
        _pages.Add(offset / HostPage.Size, (offset + length - 1) / HostPage.Size);
        AddTables(offset, length);
    }

    public void Write(long offset, ReadOnlySpan<byte> data) => AddData(offset, data.Length);

    public void Zero(long offset, long length)
    {
        length = Math.Min(length, virtualSize - offset);
        if (size.ZeroTakesUnit)
        {
            AddData(offset, length);
        }
        else if (length > 0)
        {
            AddTables(offset, length);
        }
    }

    public DiskExtent ExtentAt(long offset, long length) => throw WriteOnly();

    public void Read(long offset, Span<byte> buffer) => throw WriteOnly();

    public void Flush()
    {
    }

    public void SetLength(long length) => throw WriteOnly();

    private void AddTables(long offset, long length)
    {
        if (size.UnitsPerTable > 0)
        {
            long first = offset / size.Unit / size.UnitsPerTable;
            long last = (offset + length - 1) / size.Unit / size.UnitsPerTable;
            long end = ((last / size.TablesAtOnce) + 1) * size.TablesAtOnce;
            _tables.Add(first / size.TablesAtOnce * size.TablesAtOnce, Math.Min(end, size.TablesFor(virtualSize)) - 1);
        }
    }

    private static NotSupportedException WriteOnly() => new("Nothing is stored here.");

    // How many different numbers were added, in order.
    private struct Tally
    {
        private long _next;

        public long Count { get; private set; }

        public void Add(long first, long last)
        {
            first = Math.Max(first, _next);
            if (last >= first)
            {
                Count += last - first + 1;
                _next = last + 1;
            }
        }
    }
}
