using System;
using System.Collections.Generic;
using System.Threading;
using QedTools.Disks;

namespace QedTools.Operations;

/// <summary>A range of a disk, or of two disks that are examined side by side.</summary>
/// <param name="Offset">Where it begins, in bytes.</param>
/// <param name="Length">Its length, in bytes; limited only where there is data.</param>
/// <param name="State">What the disk holds there; unallocated beyond its end.</param>
/// <param name="OtherState">What the other disk holds there; unallocated beyond its end, and if there is none.</param>
internal readonly record struct DiskPiece(long Offset, long Length, QedExtentState State, QedExtentState OtherState)
{
    /// <summary>Whether the disk holds data there.</summary>
    public bool HasData => State == QedExtentState.Data;

    /// <summary>Whether all its data is to be shared (<see cref="ExtentSharing"/>) instead of read. It can have ranges without data in between.</summary>
    public bool IsShared { get; init; }

    /// <summary>Whether the other disk holds data there.</summary>
    public bool OtherHasData => OtherState == QedExtentState.Data;

    /// <summary>The first byte after it.</summary>
    public long End => Offset + Length;
}

/// <summary>Splits disks into pieces that a worker can hold in memory.</summary>
internal static class DiskPieces
{
    /// <summary>How much is shared in one piece, in bytes: little enough for a copy that can be stopped in between, even where sharing fails.</summary>
    public const long MaxSharedBytes = 128L << 20;

    private const int MaxSharedExtents = 256;
    private const long MaxGapBetweenShared = 1L << 20;
    private const int LongPieceEnd = 1 << 20;

    /// <summary>
    /// The pieces of a range in order. Those with data end at multiples of <paramref name="pieceBytes"/> at the latest; a
    /// range without data on either disk is not split.
    /// </summary>
    /// <param name="disk">The disk.</param>
    /// <param name="other">Another disk to examine with it; null if there is none.</param>
    /// <param name="offset">Where the range begins, in bytes.</param>
    /// <param name="length">Its length, in bytes; it may extend beyond the end of the disks.</param>
    /// <param name="pieceBytes">The largest piece of data, in bytes.</param>
    /// <param name="cancellation">Stops the walk.</param>
    /// <param name="unit">A unit, in bytes, that is written whole or not at all, so that no piece may end within it; the range begins at a multiple of it.</param>
    /// <param name="sharing">Decides which data of the disk is to be shared, where the other disk has none; null if none is.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="QedException">The tables could not be read or are damaged.</exception>
    public static IEnumerable<DiskPiece> Of(
        IDisk disk, IDisk? other, long offset, long length, int pieceBytes, CancellationToken cancellation, int unit = 1, ExtentSharing? sharing = null)
    {
        Cursor here = new(disk);
        Cursor there = new(other);

        // Counts down what is left: a multiple of the piece size beyond the end of the largest disk would overflow.
        for (long at = offset, left = length; left > 0;)
        {
            cancellation.ThrowIfCancellationRequested();
            if (sharing is not null && CountShared(ref here, ref there, at, left, unit, sharing) is > 0 and var shared)
            {
                yield return new DiskPiece(at, shared, QedExtentState.Data, QedExtentState.Unallocated) { IsShared = true };
                at += shared;
                left -= shared;
                continue;
            }

            here.MoveTo(at, left);
            there.MoveTo(at, Math.Min(left, here.End - at));
            bool hasData = here.State == QedExtentState.Data || there.State == QedExtentState.Data;
            long count = Math.Min(left, Math.Min(here.End, there.End) - at);
            if (hasData)
            {
                count = Math.Min(count, pieceBytes - (at % pieceBytes));
            }

            QedExtentState state = here.State;
            QedExtentState otherState = there.State;
            long tail = (at + count) % unit;
            if (count < left && tail != 0)
            {
                count -= tail;
                if (count == 0)
                {
                    // A unit of several extents: reading it gives what they hold together.
                    count = Math.Min(left, unit);
                    state = QedExtentState.Data;
                    otherState = other is null ? QedExtentState.Unallocated : QedExtentState.Data;
                }
            }

            yield return new DiskPiece(at, count, state, otherState);
            at += count;
            left -= count;
        }
    }

    /// <summary>Splits long pieces without data, so that progress is reported, and the work can be stopped, between two parts.</summary>
    /// <param name="pieces">The pieces; those with data are shorter than <paramref name="maxBytes"/>.</param>
    /// <param name="maxBytes">The longest part, in bytes.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static IEnumerable<DiskPiece> Split(IEnumerable<DiskPiece> pieces, long maxBytes, CancellationToken cancellation)
    {
        foreach (DiskPiece piece in pieces)
        {
            for (long done = 0; done < piece.Length; done += maxBytes)
            {
                cancellation.ThrowIfCancellationRequested();
                yield return piece with { Offset = piece.Offset + done, Length = Math.Min(maxBytes, piece.Length - done) };
            }
        }
    }

    // How much from an offset on can be shared in one piece: up to the end of data, and only whole units of it.
    private static long CountShared(ref Cursor here, ref Cursor there, long offset, long length, int unit, ExtentSharing sharing)
    {
        long count = 0;
        long bytes = 0;
        for ((int extents, long at) = (0, 0); at < length && extents < MaxSharedExtents && bytes < MaxSharedBytes; extents++)
        {
            here.MoveTo(offset + at, length - at);
            there.MoveTo(offset + at, Math.Min(length - at, here.End - offset - at));
            long next = Math.Min(length, Math.Min(here.End, there.End) - offset);
            if (there.State == QedExtentState.Data)
            {
                break;
            }

            if (here.State != QedExtentState.Data)
            {
                if (next - at > MaxGapBetweenShared)
                {
                    break;
                }

                at = next;
                continue;
            }

            long most = Math.Min(next, at + MaxSharedBytes);
            most -= most < length ? (offset + most) % Math.Max(unit, MinSharedEnd(next, at)) : 0;
            if ((offset + at) % unit != 0 || most <= at || !sharing.CanShare(here.Extent))
            {
                break;
            }

            count = most;
            if (most < next)
            {
                break;
            }

            bytes += next - at;
            at = next;
        }

        return count;

        // What is cut off a long extent is cut where the blocks of any file system end.
        static int MinSharedEnd(long next, long at) => next - at > MaxSharedBytes ? LongPieceEnd : 1;
    }

    // The extent of a disk at the current place of the walk.
    private struct Cursor(IDisk? disk)
    {
        private readonly long _length = disk?.Length ?? 0;

        public DiskExtent Extent { get; private set; }

        public readonly QedExtentState State => Extent.State;

        public readonly long End => Extent.End;

        public void MoveTo(long offset, long length)
        {
            if (offset >= Extent.Start && offset < End)
            {
                return;
            }

            Extent = disk is null || offset >= _length
                ? new DiskExtent(offset, long.MaxValue - offset, QedExtentState.Unallocated, FileOffset: 0, Depth: 0)
                : disk.ExtentAt(offset, Math.Min(length, _length - offset));
        }
    }
}
