using System;
using QedTools.Disks;

namespace QedTools.Operations;

/// <summary>A new disk that only counts what its file would store: what is written to it in order, and nothing else, is possible.</summary>
/// <param name="size">How the file grows.</param>
/// <param name="virtualSize">The disk's size, in bytes.</param>
/// <param name="below">The backing file's disk; null if there is none.</param>
internal class MeteredDisk(NewFileSize size, long virtualSize, IDisk? below) : IDisk
{
    private Tally _units;
    private Tally _tables;
    private Tally _pages;

    public long Length => virtualSize;

    /// <summary>How the file grows.</summary>
    protected NewFileSize Size => size;

    /// <summary>The backing file's disk; null if there is none.</summary>
    protected IDisk? Below => below;

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

    /// <summary>Counts a range that may be data; ranges come in order.</summary>
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
        AddPages(offset, length);
        AddTables(offset, length);
    }

    /// <summary>Counts a range that is zeroes and hides what may be data in the backing file.</summary>
    /// <param name="offset">Where it begins, in bytes.</param>
    /// <param name="length">Its length, in bytes; may reach beyond the end of the disk.</param>
    public virtual void AddZeroes(long offset, long length) => Zero(offset, length);

    public virtual void Write(long offset, ReadOnlySpan<byte> data) => AddData(offset, data.Length);

    // A unit is marked as zero. One that is zeroed only in part is stored, with what the backing file has there.
    public virtual void Zero(long offset, long length)
    {
        long end = Math.Min(offset + length, virtualSize);
        long backed = below?.Length ?? 0;
        if (backed < end)
        {
            // To the end of the unit in which the backing file ends.
            end = backed + Math.Min(end - backed, (size.Unit - (backed % size.Unit)) % size.Unit);
        }

        if (offset < end && offset != UnitStart(offset))
        {
            AddPart(offset, backed);
            offset = Math.Min(end, UnitStart(offset) + size.Unit);
        }

        long wholeEnd = end == virtualSize ? end : UnitStart(end);
        if (offset < wholeEnd)
        {
            AddTables(offset, wholeEnd - offset);
        }

        if (Math.Max(offset, wholeEnd) < end)
        {
            AddPart(wholeEnd, backed);
        }
    }

    public DiskExtent ExtentAt(long offset, long length) => throw WriteOnly();

    public void Read(long offset, Span<byte> buffer) => throw WriteOnly();

    public void Flush()
    {
    }

    public void SetLength(long length) => throw WriteOnly();

    /// <summary>Whether a unit, or one after it, was counted.</summary>
    /// <param name="unit">Its number.</param>
    protected bool HasUnit(long unit) => unit < _units.Next;

    /// <summary>Counts a unit.</summary>
    /// <param name="unit">Its number.</param>
    protected void AddUnit(long unit) => _units.Add(unit, unit);

    /// <summary>Takes back the unit that was counted last.</summary>
    protected void RemoveUnit() => _units.Remove();

    /// <summary>Counts the pages of a range that is written.</summary>
    /// <param name="offset">Where it begins, in bytes.</param>
    /// <param name="length">Its length, in bytes; at least 1.</param>
    protected void AddPages(long offset, long length) => _pages.Add(offset / HostPage.Size, (offset + length - 1) / HostPage.Size);

    /// <summary>Counts the tables that a range needs.</summary>
    /// <param name="offset">Where it begins, in bytes.</param>
    /// <param name="length">Its length, in bytes; at least 1.</param>
    protected void AddTables(long offset, long length)
    {
        if (size.UnitsPerTable > 0)
        {
            long first = offset / size.Unit / size.UnitsPerTable;
            long last = (offset + length - 1) / size.Unit / size.UnitsPerTable;
            long end = ((last / size.TablesAtOnce) + 1) * size.TablesAtOnce;
            _tables.Add(first / size.TablesAtOnce * size.TablesAtOnce, Math.Min(end, size.TablesFor(virtualSize)) - 1);
        }
    }

    // A unit of which the backing file shows a part.
    private void AddPart(long offset, long backed)
    {
        if (offset < backed)
        {
            AddData(UnitStart(offset), size.Unit);
        }
    }

    private long UnitStart(long offset) => offset - (offset % size.Unit);

    private static NotSupportedException WriteOnly() => new("Nothing is stored here.");

    // How many different numbers were added, in order.
    private struct Tally
    {
        public long Next { get; private set; }

        public long Count { get; private set; }

        public void Add(long first, long last)
        {
            first = Math.Max(first, Next);
            if (last >= first)
            {
                Count += last - first + 1;
                Next = last + 1;
            }
        }

        public void Remove() => Count--;
    }
}
