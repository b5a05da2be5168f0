using System;
using System.Threading;
using QedTools.Storage;
using Xunit;

namespace QedTools.Tests.Support;

/// <summary>
/// Counts reads and hole queries on a file, fails when there are too many, and can give other answers about the file's holes.
/// </summary>
internal sealed class MeteredStorage(IStorage file, Func<long, long, StorageRange>? ranges = null) : ForwardingStorage(file)
{
    private long _reads;
    private long _bytesRead;
    private long _rangeQueries;

    /// <summary>The largest number of reads, and of hole queries; the next one fails the test.</summary>
    public long Limit { get; set; } = long.MaxValue;

    public long Reads => _reads;

    public long BytesRead => _bytesRead;

    public long RangeQueries => _rangeQueries;

    /// <summary>Resets all counts.</summary>
    public void Reset() => (_reads, _bytesRead, _rangeQueries) = (0, 0, 0);

    public override int Read(long offset, Span<byte> buffer)
    {
        int count = Inner.Read(offset, buffer);
        Assert.True(Interlocked.Increment(ref _reads) <= Limit, $"More than {Limit} reads");
        Interlocked.Add(ref _bytesRead, count);
        return count;
    }

    public override StorageRange RangeAt(long offset, long length)
    {
        Assert.True(Interlocked.Increment(ref _rangeQueries) <= Limit, $"More than {Limit} hole queries");
        return ranges is null ? Inner.RangeAt(offset, length) : ranges(offset, length);
    }
}
