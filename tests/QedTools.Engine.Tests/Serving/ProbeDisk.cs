using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using QedTools.Disks;

namespace QedTools.Tests.Serving;

/// <summary>A disk that keeps a list of what is done to it, and lets a test interfere.</summary>
internal sealed class ProbeDisk(IDisk inner) : IDisk
{
    private readonly Lock _gate = new();
    private readonly List<(DiskCall Call, long Offset, long Length)> _calls = [];

    /// <summary>Called before each call, on the thread that makes it: it may wait or throw.</summary>
    public Action<DiskCall, long, long>? Before { get; set; }

    /// <summary>All calls that were completed, in order.</summary>
    public List<(DiskCall Call, long Offset, long Length)> Calls
    {
        get
        {
            lock (_gate)
            {
                return [.. _calls];
            }
        }
    }

    public long Length => inner.Length;

    public bool CanWrite => inner.CanWrite;

    /// <summary>How many calls of a kind were completed.</summary>
    public int Count(DiskCall call) => Calls.Count(one => one.Call == call);

    public DiskExtent ExtentAt(long offset, long length)
    {
        Before?.Invoke(DiskCall.Look, offset, length);
        return inner.ExtentAt(offset, length);
    }

    public void Read(long offset, Span<byte> buffer)
    {
        Before?.Invoke(DiskCall.Read, offset, buffer.Length);
        inner.Read(offset, buffer);
        Note(DiskCall.Read, offset, buffer.Length);
    }

    public void Write(long offset, ReadOnlySpan<byte> data)
    {
        Before?.Invoke(DiskCall.Write, offset, data.Length);
        inner.Write(offset, data);
        Note(DiskCall.Write, offset, data.Length);
    }

    public void Zero(long offset, long length)
    {
        Before?.Invoke(DiskCall.Zero, offset, length);
        inner.Zero(offset, length);
        Note(DiskCall.Zero, offset, length);
    }

    public void Flush()
    {
        Before?.Invoke(DiskCall.Flush, 0, 0);
        inner.Flush();
        Note(DiskCall.Flush, 0, 0);
    }

    public void SetLength(long length) => throw new NotSupportedException();

    private void Note(DiskCall call, long offset, long length)
    {
        lock (_gate)
        {
            _calls.Add((call, offset, length));
        }
    }
}
