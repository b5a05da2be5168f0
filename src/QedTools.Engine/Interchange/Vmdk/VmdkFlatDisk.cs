using System;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange.Vmdk;

/// <summary>The disk of a descriptor whose extents are flat: their bytes lie in order in files, or they are zeroes.</summary>
/// <param name="extents">The extents in order, each where the one before it ends; at least one.</param>
internal sealed class VmdkFlatDisk(VmdkFlatDisk.Extent[] extents) : IDisk
{
    public long Length => extents[extents.Length - 1].End;

    public bool CanWrite => false;

    public DiskExtent ExtentAt(long offset, long length)
    {
        ref readonly Extent extent = ref Find(offset);
        long most = Math.Min(length, extent.End - offset);
        return extent.Storage is { } storage
            ? StoredExtent.Required(storage, offset, extent.FileOffsetOf(offset), most) with { File = extent.File }
            : new DiskExtent(offset, most, QedExtentState.Zero, FileOffset: 0, Depth: 0);
    }

    public void Read(long offset, Span<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            ref readonly Extent extent = ref Find(offset);
            Span<byte> part = buffer.Slice(0, (int)Math.Min(buffer.Length, extent.End - offset));
            if (extent.Storage is { } storage)
            {
                storage.ReadExactly(extent.FileOffsetOf(offset), part);
            }
            else
            {
                part.Clear();
            }

            offset += part.Length;
            buffer = buffer.Slice(part.Length);
        }
    }

    public void Write(long offset, ReadOnlySpan<byte> data) => throw ReadOnly();

    public void Zero(long offset, long length) => throw ReadOnly();

    public void Flush()
    {
    }

    public void SetLength(long length) => throw ReadOnly();

    private static InvalidOperationException ReadOnly() => new("The disk is open for reading only.");

    private ref readonly Extent Find(long offset)
    {
        int low = 0;
        int high = extents.Length - 1;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (extents[middle].End <= offset)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return ref extents[low];
    }

    /// <summary>A part of the disk in one place.</summary>
    /// <param name="Start">Where it begins on the disk, in bytes.</param>
    /// <param name="End">The first byte behind it.</param>
    /// <param name="Storage">The file that it is in; null if it is zeroes.</param>
    /// <param name="FileOffset">Where it begins in that file, in bytes.</param>
    /// <param name="File">Which of the layer's files that is (<see cref="DiskExtent.File"/>).</param>
    internal readonly record struct Extent(long Start, long End, IStorage? Storage, long FileOffset, int File)
    {
        /// <summary>Where an offset on the disk is in the file, in bytes.</summary>
        public long FileOffsetOf(long offset) => FileOffset + (offset - Start);
    }
}
