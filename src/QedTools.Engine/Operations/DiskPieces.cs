using System;
using System.Collections.Generic;
using System.Threading;
using QedTools.Disks;
using QedTools.Storage;

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

    /// <summary>Its extents if all its data is to be shared (<see cref="ExtentSharing"/>) instead of read; null if it is read.</summary>
    public IReadOnlyList<DiskExtent>? Shared { get; init; }

    /// <summary>
    /// All its data if it is to be shared, and stored in the order of the file that it comes from; null if not. What is between has no data.
    /// </summary>
    public ScatteredExtents? Scattered { get; init; }

    /// <summary>Whether all its data is to be shared instead of read. It can have ranges without data in between.</summary>
    public bool IsShared => Shared is not null || Scattered is not null;

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

    // As many as take less than 100 MiB of memory. Fewer are not worth another order than that of the disk.
    private const int MaxScatteredExtents = 1 << 20;
    private const int MinScatteredExtents = 16;

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
    /// <param name="seeksHoles">Whether long holes in the host's files are zeroes, though the disk's tables say that there is data.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="QedException">The tables could not be read or are damaged.</exception>
    public static IEnumerable<DiskPiece> Of(
        IDisk disk,
        IDisk? other,
        long offset,
        long length,
        int pieceBytes,
        CancellationToken cancellation,
        int unit = 1,
        ExtentSharing? sharing = null,
        bool seeksHoles = true)
    {
        Cursor here = new(disk, seeksHoles);
        Cursor there = new(other, seeksHoles);
        long notScatteredUntil = offset;

        // Counts down what is left: a multiple of the piece size beyond the end of the largest disk would overflow.
        for (long at = offset, left = length; left > 0;)
        {
            cancellation.ThrowIfCancellationRequested();
            if (sharing is not null && at >= notScatteredUntil)
            {
                ScatteredExtents? scattered = FindScattered(ref here, ref there, at, left, sharing, cancellation, out long end);
                if (scattered is not null)
                {
                    yield return new DiskPiece(at, end - at, QedExtentState.Data, QedExtentState.Unallocated) { Scattered = scattered };
                    left -= end - at;
                    at = end;
                    continue;
                }

                notScatteredUntil = end;
            }

            if (sharing is not null && FindShared(ref here, ref there, at, left, unit, sharing) is { Count: > 0 } shared)
            {
                DiskPiece piece = new(at, shared[shared.Count - 1].End - at, QedExtentState.Data, QedExtentState.Unallocated) { Shared = shared };
                yield return piece;
                at += piece.Length;
                left -= piece.Length;
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

    // The extents from an offset on that can lie in the target's file as they do in their own, if they form much fewer ranges there. Null if not.
    private static ScatteredExtents? FindScattered(
        ref Cursor here, ref Cursor there, long offset, long length, ExtentSharing sharing, CancellationToken cancellation, out long end)
    {
        ScatteredExtents.Builder extents = new();
        long distance = 0;
        IStorage? file = null;
        bool isMoved = false;
        end = offset;
        for (long at = offset, left = length; left > 0 && extents.Count < MaxScatteredExtents;)
        {
            cancellation.ThrowIfCancellationRequested();
            here.MoveTo(at, left);
            there.MoveTo(at, Math.Min(left, here.End - at));
            long count = Math.Min(left, Math.Min(here.End, there.End) - at);
            if (there.State == QedExtentState.Data || (here.State == QedExtentState.Zero && count > MaxGapBetweenShared))
            {
                break;
            }

            if (here.State == QedExtentState.Data)
            {
                DiskExtent extent = here.Extent.Part(at, count);
                if (!sharing.CanPlace(extent, ref file))
                {
                    break;
                }

                distance = extents.Count == 0 ? extent.FileOffset - extent.Start : distance;
                isMoved |= extent.FileOffset - extent.Start != distance;
                extents.Add(extent);
                end = at + count;
                if (!isMoved && extents.Count == MinScatteredExtents)
                {
                    // The gaps between them are in the file too, as in raw files.
                    break;
                }
            }

            at += count;
            left -= count;
        }

        return isMoved && extents.Count >= MinScatteredExtents && extents.In(file!) is { } scattered && scattered.Runs <= scattered.Count / 2
            ? scattered
            : null;
    }

    // The extents from an offset on that can be shared in one piece: up to the end of data, and only whole units of it.
    private static List<DiskExtent> FindShared(ref Cursor here, ref Cursor there, long offset, long length, int unit, ExtentSharing sharing)
    {
        List<DiskExtent> shared = [];
        int upToData = 0;
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

                shared.Add(here.Extent.Part(offset + at, next - at));
                at = next;
                continue;
            }

            long most = Math.Min(next, at + MaxSharedBytes);
            most -= most < length ? (offset + most) % Math.Max(unit, MinSharedEnd(next, at)) : 0;
            if ((offset + at) % unit != 0 || most <= at || !sharing.CanShare(here.Extent))
            {
                break;
            }

            shared.Add(here.Extent.Part(offset + at, most - at));
            upToData = shared.Count;
            if (most < next)
            {
                break;
            }

            bytes += next - at;
            at = next;
        }

        shared.RemoveRange(upToData, shared.Count - upToData);
        return shared;

        // What is cut off a long extent is cut where the blocks of any file system end.
        static int MinSharedEnd(long next, long at) => next - at > MaxSharedBytes ? LongPieceEnd : 1;
    }

    // The extent of a disk at the current place of the walk.
    private struct Cursor(IDisk? disk, bool seeksHoles)
    {
        // In shorter extents it takes longer to ask the host than to read zeroes.
        private const long MinBytesWithHoles = 1 << 20;

        private readonly long _length = disk?.Length ?? 0;
        private readonly ILocatedDisk? _located = seeksHoles ? disk as ILocatedDisk : null;

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
                : WithoutHoles(disk.ExtentAt(offset, Math.Min(length, _length - offset)));
        }

        // Up to the next hole, or to the end of the hole that it begins with.
        private readonly DiskExtent WithoutHoles(in DiskExtent extent)
        {
            if (extent.Length < MinBytesWithHoles || extent.State != QedExtentState.Data || _located?.FileWithHolesOf(extent) is not { } file)
            {
                return extent;
            }

            StorageRange range = file.RangeAt(extent.FileOffset, extent.Length);
            if (!range.IsHole)
            {
                return extent.Part(extent.Start, range.Length);
            }

            // What the file lacks is no hole; reading it says what is wrong.
            return file.Length - extent.FileOffset < range.Length
                ? extent
                : new DiskExtent(extent.Start, range.Length, QedExtentState.Zero, FileOffset: 0, Depth: 0);
        }
    }
}
