using System;
using QedTools.Disks;

namespace QedTools.Interchange.Vmdk;

/// <summary>The disk of a descriptor whose data is a raw file beside it.</summary>
/// <param name="length">The disk's size, in bytes.</param>
/// <param name="data">The raw file's disk; null if it is not wanted.</param>
internal sealed class VmdkFlatDisk(long length, IDisk? data) : IDisk
{
    public long Length => length;

    public bool CanWrite => false;

    public DiskExtent ExtentAt(long offset, long length)
    {
        if (data is null || offset >= data.Length)
        {
            return new DiskExtent(offset, length, QedExtentState.Unallocated, FileOffset: 0, Depth: 0);
        }

        DiskExtent extent = data.ExtentAt(offset, Math.Min(length, data.Length - offset));
        return extent with { Depth = extent.Depth + 1 };
    }

    public void Read(long offset, Span<byte> buffer)
    {
        int there = data is not null && offset < data.Length ? (int)Math.Min(buffer.Length, data.Length - offset) : 0;
        if (there > 0)
        {
            data!.Read(offset, buffer.Slice(0, there));
        }

        buffer.Slice(there).Clear();
    }

    public void Write(long offset, ReadOnlySpan<byte> data) => throw ReadOnly();

    public void Zero(long offset, long length) => throw ReadOnly();

    public void Flush()
    {
    }

    public void SetLength(long length) => throw ReadOnly();

    private static InvalidOperationException ReadOnly() => new("The disk is open for reading only.");
}
