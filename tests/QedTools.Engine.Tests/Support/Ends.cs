using System;
using System.Collections.Generic;
using System.Linq;
using QedTools.Disks;
using Xunit;

namespace QedTools.Tests.Support;

/// <summary>The contents of a disk with data at both ends and nothing between.</summary>
internal sealed class Ends
{
    /// <summary>How much is at each end, in bytes.</summary>
    public const int Bytes = 1536;

    private readonly byte[] _head = new byte[Bytes];
    private readonly byte[] _tail = new byte[Bytes];

    public Ends(long size, int seed = 1)
    {
        Size = size;
        Random random = new(seed);
        random.NextBytes(_head);
        random.NextBytes(_tail);
        _tail[Bytes - 1] |= 1; // so that losing the last byte shows
    }

    public long Size { get; }

    private long TailStart => Size - Bytes;

    /// <summary>Offsets of interest on the disk, in order.</summary>
    public IEnumerable<long> Places => new[]
    {
        0, 1, 511, 512, Bytes, Bytes + 1, int.MaxValue, 1L << 31, (1L << 32) - 1, 1L << 32, (1L << 53) - 1, 1L << 53, Size / 2,
        TailStart - 4096, TailStart - 1, TailStart, Size - 512, Size - 2, Size - 1,
    }.Where(place => place >= 0 && place < Size).Distinct().Order();

    public void WriteTo(IDisk disk)
    {
        disk.Write(0, _head);
        disk.Write(TailStart, _tail);
    }

    /// <summary>What a range reads as.</summary>
    public byte[] Read(long offset, int count) =>
        [.. Enumerable.Range(0, count).Select(i => At(offset + i))];

    public void AssertReadFrom(IDisk disk)
    {
        Assert.Equal(Size, disk.Length);
        foreach (long place in Places)
        {
            byte[] read = new byte[Math.Min(5000, Size - place)];
            read.AsSpan().Fill(0xCC);
            disk.Read(place, read);
            Assert.True(Read(place, read.Length).AsSpan().SequenceEqual(read), $"{read.Length} bytes at {place} of {Size}");
        }
    }

    /// <summary>Fails unless the extents cover the whole range without gaps and none of them calls data empty.</summary>
    public void AssertCover(IEnumerable<(long Start, long Length, bool HasData)> pieces, long offset, long length)
    {
        long at = offset;
        foreach ((long start, long count, bool hasData) in pieces)
        {
            Assert.Equal(at, start);
            Assert.InRange(count, 1, length - (start - offset));
            Assert.True(hasData || (start >= Bytes && start + count <= TailStart), $"{count} bytes at {start} of {Size} hold data");
            at += count;
        }

        Assert.Equal(offset + length, at);
    }

    private byte At(long offset) => offset < Bytes ? _head[offset] : offset >= TailStart ? _tail[offset - TailStart] : (byte)0;
}
