using System;
using System.Collections.Generic;
using System.Threading;
using QedTools.Disks;

namespace QedTools.Operations;

/// <summary>A stretch of a disk, or of two disks that are looked at side by side.</summary>
/// <param name="Offset">Where it begins, in bytes.</param>
/// <param name="Length">Its length, in bytes; limited only where there is data.</param>
/// <param name="State">What the disk holds there; unallocated behind its end.</param>
/// <param name="OtherHasData">Whether the other disk holds data there.</param>
internal readonly record struct DiskPiece(long Offset, long Length, QedExtentState State, bool OtherHasData)
{
    /// <summary>Whether the disk holds data there.</summary>
    public bool HasData => State == QedExtentState.Data;

    /// <summary>The first byte behind it.</summary>
    public long End => Offset + Length;
}

/// <summary>Cuts disks into pieces that a worker can hold in memory.</summary>
internal static class DiskPieces
{
    /// <summary>
    /// The pieces of a range in order. Those with data end at multiples of <paramref name="pieceBytes"/> at the latest; what is
    /// no data on either disk comes as a whole.
    /// </summary>
    /// <param name="disk">The disk.</param>
    /// <param name="other">Another disk to be looked at with it; null if there is none.</param>
    /// <param name="offset">Where the range begins, in bytes.</param>
    /// <param name="length">Its length, in bytes; it may reach behind the end of the disks.</param>
    /// <param name="pieceBytes">The largest piece of data, in bytes.</param>
    /// <param name="cancellation">Stops the walk.</param>
    /// <param name="unit">What no piece may end within, in bytes, as it is written whole or not at all; the range begins at a multiple of it.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="QedException">The tables that tell could not be read or are damaged.</exception>
    public static IEnumerable<DiskPiece> Of(
        IDisk disk, IDisk? other, long offset, long length, int pieceBytes, CancellationToken cancellation, int unit = 1)
    {
        Look here = new(disk);
        Look there = new(other);
        for (long at = offset, end = offset + length; at < end;)
        {
            cancellation.ThrowIfCancellationRequested();
            here.MoveTo(at, end);
            there.MoveTo(at, Math.Min(end, here.End));
            bool hasData = here.State == QedExtentState.Data || there.State == QedExtentState.Data;
            long until = Math.Min(end, Math.Min(here.End, there.End));
            if (hasData)
            {
                until = Math.Min(until, at + pieceBytes - (at % pieceBytes));
            }

            QedExtentState state = here.State;
            bool otherHasData = there.State == QedExtentState.Data;
            if (until < end && until % unit != 0)
            {
                long whole = until - (until % unit);
                if (whole == at)
                {
                    // A unit of several extents: whoever reads it sees what they hold together.
                    whole = Math.Min(end, at + unit);
                    state = QedExtentState.Data;
                    otherHasData = other is not null;
                }

                until = whole;
            }

            yield return new DiskPiece(at, until - at, state, otherHasData);
            at = until;
        }
    }

    // The extent of a disk at the place that the walk has come to.
    private struct Look(IDisk? disk)
    {
        private readonly long _length = disk?.Length ?? 0;

        public QedExtentState State { get; private set; }

        public long End { get; private set; }

        public void MoveTo(long offset, long end)
        {
            if (offset < End)
            {
                return;
            }

            if (disk is null || offset >= _length)
            {
                State = QedExtentState.Unallocated;
                End = long.MaxValue;
                return;
            }

            DiskExtent extent = disk.ExtentAt(offset, Math.Min(end, _length) - offset);
            State = extent.State;
            End = extent.End;
        }
    }
}
