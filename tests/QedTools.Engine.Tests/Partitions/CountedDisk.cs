using System;
using System.Threading;
using QedTools.Disks;
using Xunit;

namespace QedTools.Tests.Partitions;

/// <summary>A disk that counts how often and how much of it is read.</summary>
internal sealed class CountedDisk(IDisk inner) : IDisk
{
    private int _reads;
    private long _bytes;

    public int Reads => _reads;

    public long BytesRead => _bytes;

    public long Length => inner.Length;

    public bool CanWrite => inner.CanWrite;

    public DiskExtent ExtentAt(long offset, long length) => inner.ExtentAt(offset, length);

    public void Read(long offset, Span<byte> buffer)
    {
        Interlocked.Increment(ref _reads);
        Interlocked.Add(ref _bytes, buffer.Length);
        Assert.True(offset >= 0 && buffer.Length <= Length - offset, $"{buffer.Length} bytes at {offset} are not within a disk of {Length}");
        inner.Read(offset, buffer);
    }

    public void Write(long offset, ReadOnlySpan<byte> data) => throw new InvalidOperationException("Nothing may be written.");

    public void Zero(long offset, long length) => throw new InvalidOperationException("Nothing may be written.");

    public void Flush() => throw new InvalidOperationException("Nothing may be written.");

    public void SetLength(long length) => throw new InvalidOperationException("Nothing may be written.");
}
