using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using QedTools.Disks;

namespace QedTools.Operations;

/// <summary>What a merge moves down, and what the layers between must keep of what they showed.</summary>
/// <remarks>
/// Only the lowest of the layers that are merged lies directly over the target, so only it can show that the target changes: where it holds nothing
/// itself and the others do. What the target had there is copied into it first.
/// </remarks>
/// <param name="merged">The layers above the target as one disk, without the target.</param>
/// <param name="lowest">The lowest of them alone, without the target.</param>
/// <param name="unit">The unit in which it stores, in bytes: what it gets of the target is whole units, so that none is looked at again once it is stored.</param>
/// <param name="depth">How many they are.</param>
/// <param name="target">The target as it is, with what is below it.</param>
/// <param name="shownEnd">The size of the smallest layer between, in bytes: beyond it nothing shows through. <see cref="long.MaxValue"/> if there is none between.</param>
internal sealed class MergeRanges(IDisk merged, IDisk lowest, int unit, int depth, IDisk target, long shownEnd)
{
    // A range of zeroes is written in parts, so that the merge can be stopped.
    private const long MaxZeroes = 256L << 20;

    private readonly long _zeroEnd = Math.Min(merged.Length, target.Length);

    /// <summary>Everything that is written to the target, in order.</summary>
    /// <param name="cancellation">Stops the walk.</param>
    public IEnumerable<DiskPiece> All(CancellationToken cancellation) => Extents(cancellation).SelectMany(extent => Split(extent, sharing: null));

    /// <summary>What the lowest of the layers stores and shows: writing that to the target changes nothing that the layer shows.</summary>
    /// <param name="sharing">Decides which data is shared; null if none is.</param>
    /// <param name="cancellation">Stops the walk.</param>
    public IEnumerable<DiskPiece> FromLowest(ExtentSharing? sharing, CancellationToken cancellation) => depth == 1
        ? DiskPieces.Of(merged, other: null, 0, merged.Length, DiskCopy.PieceBytes, cancellation, sharing: sharing, seeksHoles: false)
            .Where(piece => piece.State != QedExtentState.Unallocated)
            .SelectMany(piece => piece.HasData ? [piece] : Parts(piece.Offset, piece.End, piece.State, MaxZeroes))
        : Extents(cancellation).Where(extent => extent.Depth == depth - 1).SelectMany(extent => Split(extent, sharing));

    /// <summary>What the layers above it store, and the zeroes where one is shorter than what is below.</summary>
    /// <param name="sharing">Decides which data is shared; null if none is.</param>
    /// <param name="cancellation">Stops the walk.</param>
    public IEnumerable<DiskPiece> FromAbove(ExtentSharing? sharing, CancellationToken cancellation) =>
        Extents(cancellation).Where(extent => extent.Depth < depth - 1).SelectMany(extent => Split(extent, sharing));

    /// <summary>Where the lowest of the layers shows the target and <see cref="FromAbove"/> changes it.</summary>
    /// <param name="cancellation">Stops the walk.</param>
    public IEnumerable<DiskExtent> Shown(CancellationToken cancellation) => UnitsBelowThose(cancellation)
        .SelectMany(range => ExtentWalk.Over(lowest, range.Start, range.Length, cancellation))
        .Where(extent => extent.State == QedExtentState.Unallocated)
        .SelectMany(extent => Parts(extent.Start, extent.End, extent.State, MaxZeroes))
        .Select(part => new DiskExtent(part.Offset, part.Length, part.State, FileOffset: 0, Depth: 0));

    /// <summary>What the target holds there, in units of the lowest layer.</summary>
    /// <param name="cancellation">Stops the walk.</param>
    public IEnumerable<DiskPiece> Preserved(CancellationToken cancellation) => Shown(cancellation)
        .SelectMany(extent => DiskPieces.Of(target, other: null, extent.Start, extent.Length, Math.Max(DiskCopy.PieceBytes, unit), cancellation, unit, seeksHoles: false));

    // Each unit of the lowest layer once, as far as its disk goes.
    private IEnumerable<(long Start, long Length)> UnitsBelowThose(CancellationToken cancellation)
    {
        long done = 0;
        foreach (DiskExtent extent in Extents(cancellation).Where(extent => extent.Depth < depth - 1))
        {
            long start = Math.Max(done, extent.Start - (extent.Start % unit));
            long end = extent.End >= lowest.Length ? lowest.Length : Math.Min(lowest.Length, extent.End + ((unit - (extent.End % unit)) % unit));
            if (start < end)
            {
                yield return (start, end - start);
                done = end;
            }
        }
    }

    private static IEnumerable<DiskPiece> Split(DiskExtent extent, ExtentSharing? sharing) => sharing?.CanShare(extent) == true
        ? Parts(extent.Start, extent.End, extent.State, DiskPieces.MaxSharedBytes).Select(part => part with { Shared = [extent.Part(part.Offset, part.Length)] })
        : Parts(extent.Start, extent.End, extent.State, extent.State == QedExtentState.Data ? DiskCopy.PieceBytes : MaxZeroes);

    private static IEnumerable<DiskPiece> Parts(long start, long end, QedExtentState state, long most)
    {
        while (start < end)
        {
            long length = Math.Min(end - start, most - (start % most));
            yield return new DiskPiece(start, length, state, QedExtentState.Unallocated);
            start += length;
        }
    }

    private IEnumerable<DiskExtent> Extents(CancellationToken cancellation)
    {
        foreach (DiskExtent extent in ExtentWalk.Over(merged, 0, merged.Length, cancellation))
        {
            if (extent.State != QedExtentState.Unallocated)
            {
                yield return extent;
            }
            else if (Math.Max(extent.Start, shownEnd) is var start && Math.Min(extent.End, _zeroEnd) is var end && start < end)
            {
                yield return new DiskExtent(start, end - start, QedExtentState.Zero, FileOffset: 0, Depth: 0);
            }
        }
    }
}
