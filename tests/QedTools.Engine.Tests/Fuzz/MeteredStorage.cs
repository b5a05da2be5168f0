using System;
using System.Threading;
using QedTools.Storage;
using Xunit;

namespace QedTools.Tests.Fuzz;

/// <summary>Counts what is asked of a file, stops what asks too much, and can give other answers about the file's holes.</summary>
internal sealed class MeteredStorage(IStorage file, Func<long, long, StorageRange>? ranges = null) : IStorage
{
    private long _reads;
    private long _bytesRead;
    private long _rangeQueries;

    /// <summary>How many reads, and how many questions for holes, may be counted; the next one fails the test.</summary>
    public long Limit { get; set; } = long.MaxValue;

    public long Reads => _reads;

    public long BytesRead => _bytesRead;

    public long RangeQueries => _rangeQueries;

    public string Path => file.Path;

    public string Identity => file.Identity;

    public bool CanWrite => file.CanWrite;

    public long Length => file.Length;

    public StorageStamp Stamp => file.Stamp;

    public long AllocatedBytes => file.AllocatedBytes;

    public StorageRoom? Room => file.Room;

    public bool IsInUse => file.IsInUse;

    /// <summary>Starts all counts anew.</summary>
    public void Reset() => (_reads, _bytesRead, _rangeQueries) = (0, 0, 0);

    public int Read(long offset, Span<byte> buffer)
    {
        int count = file.Read(offset, buffer);
        Assert.True(Interlocked.Increment(ref _reads) <= Limit, $"More than {Limit} reads");
        Interlocked.Add(ref _bytesRead, count);
        return count;
    }

    public StorageRange RangeAt(long offset, long length)
    {
        Assert.True(Interlocked.Increment(ref _rangeQueries) <= Limit, $"More than {Limit} questions for holes");
        return ranges is null ? file.RangeAt(offset, length) : ranges(offset, length);
    }

    public void Write(long offset, ReadOnlySpan<byte> data) => file.Write(offset, data);

    public void SetLength(long length) => file.SetLength(length);

    public void Flush() => file.Flush();

    public void BeginFlush() => file.BeginFlush();

    public void Dispose() => file.Dispose();
}
