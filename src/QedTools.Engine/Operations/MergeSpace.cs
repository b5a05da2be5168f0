using System;
using QedTools.Disks;
using QedTools.Qed.Format;
using QedTools.Storage;

namespace QedTools.Operations;

/// <summary>Counts how much longer a file can become, at most, by what is written to it.</summary>
/// <param name="layer">The file.</param>
/// <param name="own">Its disk alone, without what is below it.</param>
internal sealed class MergeSpace(IDiskLayer layer, IDisk own)
{
    private readonly QedGeometry? _geometry = layer.Facts is QedFacts { Header.Geometry: var geometry } ? geometry : null;
    private long _countedTo;
    private long _tablesCountedTo;

    /// <summary>The bytes that it needs.</summary>
    public long Bytes { get; private set; }

    /// <summary>Counts a range, none of which lies before those counted earlier.</summary>
    /// <param name="piece">The range: data, or zeroes.</param>
    public void Add(in DiskPiece piece)
    {
        if (piece.HasData)
        {
            AddStored(piece.Offset, piece.End);
        }
        else if (_geometry is not null)
        {
            // Zeroes in a part of a cluster are data around them.
            AddStored(piece.Offset, Math.Min(piece.Offset + 1, piece.End));
            AddStored(Math.Max(piece.Offset, piece.End - 1), piece.End);
            AddTables(piece.Offset, piece.End);
        }
    }

    /// <summary>Requires the space for two files.</summary>
    /// <param name="one">What is written to one file.</param>
    /// <param name="other">What is written to another.</param>
    /// <exception cref="QedDiskFullException">It is not free.</exception>
    public static void Require(MergeSpace one, MergeSpace other)
    {
        FreeSpace? first = one.Storage.FreeSpace;
        FreeSpace? second = other.Storage.FreeSpace;
        bool isShared = first?.Device is { } device && device == second?.Device;
        Require(one, first, isShared ? other.Bytes : 0);
        Require(other, second, 0);
    }

    private IStorage Storage => layer.Storage;

    private static void Require(MergeSpace space, FreeSpace? free, long more)
    {
        long required = space.Bytes > long.MaxValue - more ? long.MaxValue : space.Bytes + more;
        if (free is { AvailableBytes: var available } && required > available)
        {
            throw QedDiskFullException.ForSpace(space.Storage.Path, "write", "the image", required, available);
        }
    }

    // What is stored already is overwritten in place.
    private void AddStored(long start, long end)
    {
        end = Math.Min(end, long.MaxValue - (_geometry?.ClusterSize ?? 0));
        for (start = Math.Max(start, _countedTo); start < end;)
        {
            long length = end - start;
            bool isStored = false;
            if (start < own.Length)
            {
                DiskExtent extent = own.ExtentAt(start, Math.Min(length, own.Length - start));
                length = extent.Length;
                isStored = extent.State == QedExtentState.Data;
            }

            if (!isStored)
            {
                long to = _geometry?.ClusterEnd(start + length) ?? start + length;
                long from = Math.Max(_countedTo, _geometry?.ClusterStart(start) ?? start);
                Bytes = Sum(Bytes, Math.Max(0, to - from));
                AddTables(start, start + length);
                _countedTo = Math.Max(_countedTo, to);
            }

            start = Math.Max(start + length, Math.Min(_countedTo, end));
        }
    }

    private void AddTables(long start, long end)
    {
        if (_geometry is not { } geometry)
        {
            return;
        }

        long first = Math.Max(_tablesCountedTo, start / geometry.BytesPerL2Table);
        long last = (end - 1) / geometry.BytesPerL2Table;
        if (first <= last)
        {
            Bytes = Sum(Bytes, Math.Min(last - first + 1, long.MaxValue / geometry.TableBytes) * geometry.TableBytes);
            _tablesCountedTo = last + 1;
        }
    }

    private static long Sum(long a, long b) => a > long.MaxValue - b ? long.MaxValue : a + b;
}
