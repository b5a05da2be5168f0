using System;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange.Vmdk;

/// <summary>The disk of a descriptor: its extents, one after the other.</summary>
/// <param name="parts">The extents in order, each where the one before it ends; at least one.</param>
internal sealed class VmdkExtentsDisk(VmdkExtentsDisk.Part[] parts) : ILocatedDisk
{
    public long Length => parts[parts.Length - 1].End;

    public bool CanWrite => false;

    public DiskExtent ExtentAt(long offset, long length)
    {
        ref readonly Part part = ref Find(offset);
        long most = Math.Min(length, part.End - offset);
        if (part.Disk is not { } disk)
        {
            return new DiskExtent(offset, most, QedExtentState.Zero, FileOffset: 0, Depth: 0);
        }

        DiskExtent extent = disk.ExtentAt(offset - part.Start, most) with { Start = offset };
        return extent is { State: QedExtentState.Data, Depth: 0 } ? extent with { File = part.File } : extent;
    }

    public IStorage? FileOf(in DiskExtent extent)
    {
        ref readonly Part part = ref Find(extent.Start);
        return (part.Disk as ILocatedDisk)?.FileOf(extent with { Start = extent.Start - part.Start });
    }

    public IStorage? FileWithHolesOf(in DiskExtent extent)
    {
        ref readonly Part part = ref Find(extent.Start);
        return (part.Disk as ILocatedDisk)?.FileWithHolesOf(extent with { Start = extent.Start - part.Start });
    }

    public void Read(long offset, Span<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            ref readonly Part part = ref Find(offset);
            Span<byte> piece = buffer.Slice(0, (int)Math.Min(buffer.Length, part.End - offset));
            if (part.Disk is { } disk)
            {
                disk.Read(offset - part.Start, piece);
            }
            else
            {
                piece.Clear();
            }

            offset += piece.Length;
            buffer = buffer.Slice(piece.Length);
        }
    }

    public void Write(long offset, ReadOnlySpan<byte> data) => throw ReadOnly();

    public void Zero(long offset, long length) => throw ReadOnly();

    public void Flush()
    {
    }

    public void SetLength(long length) => throw ReadOnly();

    private static InvalidOperationException ReadOnly() => new("The disk is open for reading only.");

    private ref readonly Part Find(long offset)
    {
        int low = 0;
        int high = parts.Length - 1;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (parts[middle].End <= offset)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return ref parts[low];
    }

    /// <summary>A part of the disk in one place.</summary>
    /// <param name="Start">Where it begins on the disk, in bytes.</param>
    /// <param name="End">The first byte after it.</param>
    /// <param name="Disk">What it reads as; null if it is zeroes.</param>
    /// <param name="File">Which of the layer's files it is in (<see cref="DiskExtent.File"/>).</param>
    internal readonly record struct Part(long Start, long End, IDisk? Disk, int File);
}
