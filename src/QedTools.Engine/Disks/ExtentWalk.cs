using System;
using System.Collections.Generic;
using System.Threading;

namespace QedTools.Disks;

/// <summary>Walks a disk's extents in order, each as long as it can be.</summary>
internal static class ExtentWalk
{
    /// <summary>The maximal extents of a range, one at a time; nothing is collected.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="offset">Where to begin, in bytes.</param>
    /// <param name="length">How far to go, in bytes; the range must lie on the disk.</param>
    /// <param name="cancellation">Stops the walk between two extents.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static IEnumerable<DiskExtent> Over(IDisk disk, long offset, long length, CancellationToken cancellation)
    {
        long end = offset + length;
        if (offset >= end)
        {
            yield break;
        }

        DiskExtent current = disk.ExtentAt(offset, end - offset);
        while (current.End < end)
        {
            cancellation.ThrowIfCancellationRequested();
            DiskExtent next = disk.ExtentAt(current.End, end - current.End);
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
}
