using System;

namespace QedTools.Disks;

/// <summary>What shows through a disk where it holds nothing itself: the disk of its backing file or parent, and zeroes beyond its end.</summary>
internal static class DiskBelow
{
    /// <summary>Fills <paramref name="buffer"/> from <paramref name="offset"/> on.</summary>
    /// <param name="below">The disk below; null if there is none.</param>
    /// <param name="offset">Where to begin, in bytes; may be beyond the end of <paramref name="below"/>.</param>
    /// <param name="buffer">The buffer to fill.</param>
    /// <exception cref="QedException">It could not be read.</exception>
    public static void Read(IDisk? below, long offset, Span<byte> buffer)
    {
        int shown = below is null || offset >= below.Length ? 0 : (int)Math.Min(buffer.Length, below.Length - offset);
        if (shown > 0)
        {
            below!.Read(offset, buffer.Slice(0, shown));
        }

        buffer.Slice(shown).Clear();
    }

    /// <summary>The extent that begins at <paramref name="offset"/>, as the disk above shows it.</summary>
    /// <param name="below">The disk below; null if there is none.</param>
    /// <param name="offset">Where it begins, in bytes; may be beyond the end of <paramref name="below"/>.</param>
    /// <param name="length">The number of bytes for which the disk above holds nothing.</param>
    /// <exception cref="QedException">As for <see cref="IDisk.ExtentAt"/>.</exception>
    public static DiskExtent ExtentAt(IDisk? below, long offset, long length)
    {
        if (below is null || offset >= below.Length)
        {
            return new DiskExtent(offset, length, QedExtentState.Unallocated, FileOffset: 0, Depth: 0);
        }

        DiskExtent extent = below.ExtentAt(offset, Math.Min(length, below.Length - offset));
        return extent.State == QedExtentState.Unallocated ? extent : extent with { Depth = extent.Depth + 1 };
    }
}
