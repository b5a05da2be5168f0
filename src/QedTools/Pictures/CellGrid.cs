using System;

namespace QedTools.Pictures;

/// <summary>Cuts a range of a disk into cells of one size, in rows from left to right and from top to bottom.</summary>
/// <remarks>
/// A cell's size is a power of two, and cells begin at multiples of it. So each holds whole clusters, or a cluster holds
/// whole cells, and offsets of rows are round numbers.
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

    /// <summary>What one cell stands for, in bytes; the first and the last one may stand for less.</summary>
    public long CellSize { get; }

    /// <summary>How many cells a full row has.</summary>
    public int Columns { get; }

    /// <summary>How many cells there are.</summary>
    public int Count { get; }

    /// <summary>How many rows there are; the last one need not be full.</summary>
    public int Rows => (Count + Columns - 1) / Columns;

    /// <summary>Where the first cell would begin if it were whole, in bytes.</summary>
    public long Origin { get; }

    /// <summary>What a full row stands for, in bytes; whole cells up to what a number holds.</summary>
    public long RowSize => CellSize * Math.Min(Columns, long.MaxValue / CellSize);

    /// <summary>
    /// The finest grid that fits. Cells are smaller than a cluster only as long as one row holds them all: there is nothing
    /// to see inside a cluster, but a disk of ten clusters is easier on the eye in a long row.
    /// </summary>
    /// <param name="start">Where the range begins, in bytes.</param>
    /// <param name="length">The range's length, in bytes.</param>
    /// <param name="clusterSize">In bytes: a power of two, at least 512.</param>
    /// <param name="columns">How many cells a row has; at least 2.</param>
    /// <param name="rows">How many rows there may be; at least 1.</param>
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

    /// <summary>The cell that a byte of the range lies in.</summary>
    /// <param name="offset">Where on the disk, in bytes.</param>
    public int IndexOf(long offset) => (int)((offset - Origin) / CellSize);

    /// <summary>The first byte of a cell that lies in the range.</summary>
    public long StartOf(int index) => Math.Max(_start, Origin + index * CellSize);

    /// <summary>The first byte behind a cell, or behind the range.</summary>
    public long EndOf(int index) => index == Count - 1 ? _end : Origin + (index + 1) * CellSize;

    private static long CountOf(long start, long end, long size) => (end - 1) / size - start / size + 1;
}
