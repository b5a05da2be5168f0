using System;
using System.Collections.Generic;
using QedTools.Disks;

namespace QedTools.Pictures;

/// <summary>An allocation map as a picture of fixed size: takes extents and yields the shares of each cell.</summary>
/// <remarks>Memory depends on the number of cells only, not on the number of extents. Parts that were not added are unknown.</remarks>
internal sealed class MapPicture
{
    private const int ExtentsPerReport = 4096;

    private readonly long[] _cells;
    private readonly long[] _bytes = new long[MapShare.Counted];
    private readonly long[] _extents = new long[MapShare.Counted];

    /// <param name="subject">The subject of the picture.</param>
    /// <param name="grid">Its cells, over the subject's range.</param>
    public MapPicture(MapSubject subject, CellGrid grid)
    {
        Subject = subject;
        Grid = grid;
        _cells = new long[checked(grid.Count * MapShare.Counted)];
    }

    /// <summary>The subject of the picture.</summary>
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

    /// <summary>The bytes whose state is unknown.</summary>
    public long UnknownBytes => Subject.Length - DataBytes - _bytes[MapShare.Zero] - _bytes[MapShare.Unallocated];

    /// <summary>A cell.</summary>
    /// <param name="index">0 to the grid's number of cells - 1.</param>
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

    /// <summary>Adds extents of the range as they are enumerated.</summary>
    /// <param name="extents">The extents, in order and without overlaps. If their enumeration fails, the picture holds those before the failure.</param>
    /// <param name="progress">Receives the bytes of the range processed so far.</param>
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
