using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;
using System.Threading;

namespace QedTools.Disks;

/// <summary>Walks a disk's extents in order, each as long as possible.</summary>
internal static class ExtentWalk
{
    /// <summary>The maximal extents of a range, one at a time; nothing is buffered.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="offset">Where to begin, in bytes.</param>
    /// <param name="length">How far to go, in bytes; the range must be within the disk.</param>
    /// <param name="cancellation">Stops the walk between two extents.</param>
    /// <param name="depthOf">
    /// Called for damaged ranges, which then become separate extents; returns the layer they are in. If null, the first one ends the walk.
    /// </param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static IEnumerable<DiskExtent> Over(
        IDisk disk, long offset, long length, CancellationToken cancellation, Func<QedCorruptException, int>? depthOf = null)
    {
        long end = offset + length;
        if (offset >= end)
        {
            yield break;
        }

        if (!TryGetExtent(disk, offset, end, depthOf, out DiskExtent current, out ExceptionDispatchInfo? failure))
        {
            failure.Throw();
        }

        while (current.End < end)
        {
            cancellation.ThrowIfCancellationRequested();
            if (!TryGetExtent(disk, current.End, end, depthOf, out DiskExtent next, out failure))
            {
                // What is known of the disk up to here is returned first.
                yield return current;
                failure.Throw();
            }

            if (current.IsContinuedBy(next))
            {
                current = current with { Length = current.Length + next.Length };
                continue;
            }

            yield return current;
            current = next;
        }

        yield return current;
    }

    private static bool TryGetExtent(
        IDisk disk,
        long offset,
        long end,
        Func<QedCorruptException, int>? depthOf,
        out DiskExtent extent,
        [NotNullWhen(false)] out ExceptionDispatchInfo? failure)
    {
        try
        {
            extent = disk.ExtentAt(offset, end - offset);
            failure = null;
            return true;
        }
        catch (QedCorruptException e) when (depthOf is not null && e.VirtualOffset == offset && e.Length > 0)
        {
            extent = new DiskExtent(offset, Math.Min(e.Length, end - offset), QedExtentState.Damaged, FileOffset: 0, depthOf(e));
            failure = null;
            return true;
        }
        catch (QedException e)
        {
            extent = default;
            failure = ExceptionDispatchInfo.Capture(e);
            return false;
        }
    }
}
