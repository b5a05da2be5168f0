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

    public DiskExtent ExtentAt(long offset, long length) => DiskBelow.ExtentAt(data, offset, length);

    public void Read(long offset, Span<byte> buffer) => DiskBelow.Read(data, offset, buffer);

    public void Write(long offset, ReadOnlySpan<byte> data) => throw ReadOnly();

    public void Zero(long offset, long length) => throw ReadOnly();

    public void Flush()
    {
    }

    public void SetLength(long length) => throw ReadOnly();

    private static InvalidOperationException ReadOnly() => new("The disk is open for reading only.");
}
