using System;
using System.Collections.Generic;
using QedTools.Disks;

namespace QedTools.Pictures;

/// <summary>An allocation map as a picture of fixed size: extents go in, shares of cells come out.</summary>
/// <remarks>Memory is that of the cells, however many extents there are. What was not added is unknown.</remarks>
internal sealed class MapPicture
{
    private const int ExtentsPerReport = 4096;

    private readonly long[] _cells;
    private readonly long[] _bytes = new long[MapShare.Counted];
    private readonly long[] _extents = new long[MapShare.Counted];

    /// <param name="subject">What it is a picture of.</param>
    /// <param name="grid">Its cells, over the subject's range.</param>
    public MapPicture(MapSubject subject, CellGrid grid)
    {
        Subject = subject;
        Grid = grid;
        _cells = new long[checked(grid.Count * MapShare.Counted)];
    }

    /// <summary>What it is a picture of.</summary>
    public MapSubject Subject { get; }

    /// <summary>Its cells.</summary>
    public CellGrid Grid { get; }

    /// <summary>The bytes of data added so far, of all layers.</summary>
    public long DataBytes
    {
        get
        {
            long sum = 0;
            for (int share = 0; share < MapShare.Layers; share++)
            {
                sum += _bytes[share];
            }

            return sum;
        }
    }

    /// <summary>The bytes of which nothing is known.</summary>
    public long UnknownBytes => Subject.Length - DataBytes - _bytes[MapShare.Zero] - _bytes[MapShare.Unallocated];

    /// <summary>A cell.</summary>
    /// <param name="index">0 to the grid's count of cells - 1.</param>
    public MapCell this[int index]
    {
        get
        {
            long start = Grid.StartOf(index);
            return new MapCell(start, Grid.EndOf(index) - start, _cells.AsSpan(index * MapShare.Counted, MapShare.Counted));
        }
    }

    /// <summary>The bytes of a share in the whole picture.</summary>
    public long BytesOf(int share) => _bytes[share];

    /// <summary>The extents of a share in the whole picture.</summary>
    public long ExtentsOf(int share) => _extents[share];

    /// <summary>Adds extents of the range, as they come.</summary>
    /// <param name="extents">In order, none twice. If their enumeration fails, what came before is in the picture.</param>
    /// <param name="progress">Is told the bytes of the range dealt with.</param>
    public void Add(IEnumerable<DiskExtent> extents, IProgress<OperationProgress> progress)
    {
        int unreported = 0;
        foreach (DiskExtent extent in extents)
        {
            Add(extent);
            if (++unreported == ExtentsPerReport)
            {
                progress.Report(new OperationProgress(extent.End - Subject.Offset, Subject.Length));
                unreported = 0;
            }
        }
    }

    private void Add(in DiskExtent extent)
    {
        int share = extent.State switch
        {
            QedExtentState.Data => MapShare.OfLayer(extent.Depth),
            QedExtentState.Zero => MapShare.Zero,
            _ => MapShare.Unallocated,
        };
        _bytes[share] += extent.Length;
        _extents[share]++;
        long start = extent.Start;
        for (int index = Grid.IndexOf(start); start < extent.End; index++)
        {
            long end = Math.Min(extent.End, Grid.EndOf(index));
            _cells[index * MapShare.Counted + share] += end - start;
            start = end;
        }
    }
}
