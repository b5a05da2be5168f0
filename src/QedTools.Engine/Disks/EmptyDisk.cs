using System;

namespace QedTools.Disks;

/// <summary>A disk of size zero: as a backing file it reads as zeroes everywhere, as if there were none.</summary>
internal sealed class EmptyDisk : IDisk
{
    public long Length => 0;

    public bool CanWrite => false;

    public DiskExtent ExtentAt(long offset, long length) => throw new ArgumentOutOfRangeException(nameof(offset));

    public void Read(long offset, Span<byte> buffer) => buffer.Clear();

    public void Write(long offset, ReadOnlySpan<byte> data) => throw new NotSupportedException();

    public void Zero(long offset, long length) => throw new NotSupportedException();

    public void Flush() => throw new NotSupportedException();

    public void SetLength(long length) => throw new NotSupportedException();
}
