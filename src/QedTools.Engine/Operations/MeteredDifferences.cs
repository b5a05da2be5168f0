using System;
using QedTools.Disks;

namespace QedTools.Operations;

/// <summary>A new differencing disk that only counts what its file would store. It follows the steps by which such a file is written.</summary>
/// <param name="size">How the file grows.</param>
/// <param name="virtualSize">The disk's size, in bytes.</param>
/// <param name="below">The backing file's disk; null if there is none.</param>
internal sealed class MeteredDifferences(NewFileSize size, long virtualSize, IDisk? below) : MeteredDisk(size, virtualSize, below)
{
    // The last unit that was counted for zeroes, and how many are stored in it; -1 for none.
    private long _zeroUnit = -1;
    private long _zeroBytes;

    // Without the data, any part of a unit may be stored.
    public override void AddZeroes(long offset, long length) => AddData(offset, length);

    public override void Write(long offset, ReadOnlySpan<byte> data)
    {
        long end = offset + data.Length;
        AddPages(offset, data.Length);
        StoreSectorAround(end);
        if (SectorStart(end) > offset)
        {
            Place(offset, SectorStart(end) - offset);
        }
    }

    public override void Zero(long offset, long length)
    {
        long end = offset + length;
        StoreSectorAround(offset);
        StoreSectorAround(end);
        for (offset = SectorStart(offset + Size.Granule - 1), end = SectorStart(end); offset < end;)
        {
            DiskExtent shown = DiskBelow.ExtentAt(Below, offset, end - offset);
            offset += shown.State == QedExtentState.Data ? StoreZeroes(offset, shown.Length) : shown.Length;
        }
    }

    // A sector that is written in part is stored whole.
    private void StoreSectorAround(long offset)
    {
        long start = SectorStart(offset);
        if (start != offset)
        {
            AddPages(start, Size.Granule);
            Place(start, Size.Granule);
        }
    }

    private long StoreZeroes(long offset, long length)
    {
        long unit = offset / Size.Unit;
        length = Math.Min(length, Size.Unit - (offset % Size.Unit));
        if (Size.ZeroTakesUnit)
        {
            Place(offset, length);
            return length;
        }

        if (!HasUnit(unit))
        {
            Place(offset, length);
            _zeroUnit = unit;
            _zeroBytes = 0;
        }

        if (_zeroUnit == unit)
        {
            _zeroBytes += length;
            if (_zeroBytes == ShownBytes(unit))
            {
                // Nothing else is stored in it, so that an entry is enough.
                RemoveUnit();
            }
        }

        return length;
    }

    // A range is inside one unit: the pieces of a copy do not cross the end of a unit.
    private void Place(long offset, long length)
    {
        long unit = offset / Size.Unit;
        if (!HasUnit(unit))
        {
            AddUnit(unit);
            if (length != ShownBytes(unit))
            {
                AddTables(offset, length);
            }
        }
    }

    // How many bytes of a unit the disk shows: fewer than the unit has only at the end of the disk.
    private long ShownBytes(long unit) => Math.Min(Size.Unit, Length - (unit * Size.Unit));

    private long SectorStart(long offset) => offset - (offset % Size.Granule);
}
