using System;

namespace QedTools.Pictures;

/// <summary>Divides a range of a disk into cells of equal size, in rows from left to right and from top to bottom.</summary>
/// <remarks>
/// The cell size is a power of two, and cells begin at multiples of it. So each cell holds whole clusters or each cluster holds
/// whole cells, and the offsets of rows are round numbers.
/// </remarks>
internal sealed class CellGrid
{
    private const long SectorSize = 512;

    private readonly long _start;
    private readonly long _end;

    private CellGrid(long start, long end, long cellSize, int columns)
    {
        _start = start;
        _end = end;
        CellSize = cellSize;
        Columns = columns;
        Origin = start / cellSize * cellSize;
        Count = start == end ? 0 : checked((int)CountOf(start, end, cellSize));
    }

    /// <summary>The size of a cell, in bytes; the first and the last cell may be smaller.</summary>
    public long CellSize { get; }

    /// <summary>The number of cells in a full row.</summary>
    public int Columns { get; }

    /// <summary>The number of cells.</summary>
    public int Count { get; }

    /// <summary>The number of rows; the last one need not be full.</summary>
    public int Rows => (Count + Columns - 1) / Columns;

    /// <summary>The offset at which the first cell would begin if it were whole, in bytes.</summary>
    public long Origin { get; }

    /// <summary>The size of a full row, in bytes; as many whole cells as fit into a 64-bit number.</summary>
    public long RowSize => CellSize * Math.Min(Columns, long.MaxValue / CellSize);

    /// <summary>
    /// The finest grid that fits. Cells are smaller than a cluster only if a single row holds them all: there is nothing to see
    /// inside a cluster, but a disk of ten clusters is easier to read as a long row.
    /// </summary>
    /// <param name="start">The offset of the range, in bytes.</param>
    /// <param name="length">The range's length, in bytes.</param>
    /// <param name="clusterSize">The cluster size, in bytes: a power of two, at least 512.</param>
    /// <param name="columns">The number of cells in a row; at least 2.</param>
    /// <param name="rows">The largest number of rows; at least 1.</param>
    public static CellGrid Over(long start, long length, int clusterSize, int columns, int rows)
    {
        long end = start + length;
        long size = clusterSize;
        if (length > 0)
        {
            while (CountOf(start, end, size) > (long)columns * rows)
            {
                size *= 2;
            }

            while (size <= clusterSize && size > SectorSize && CountOf(start, end, size / 2) <= columns)
            {
                size /= 2;
            }
        }

        return new CellGrid(start, end, size, columns);
    }

    /// <summary>The index of the cell that contains a byte of the range.</summary>
    /// <param name="offset">The byte's offset on the disk.</param>
    public int IndexOf(long offset) => (int)((offset - Origin) / CellSize);

    /// <summary>The offset of the first byte of a cell within the range.</summary>
    public long StartOf(int index) => Math.Max(_start, Origin + index * CellSize);

    /// <summary>The offset after the last byte of a cell within the range.</summary>
    public long EndOf(int index) => index == Count - 1 ? _end : Origin + (index + 1) * CellSize;

    private static long CountOf(long start, long end, long size) => (end - 1) / size - start / size + 1;
}
