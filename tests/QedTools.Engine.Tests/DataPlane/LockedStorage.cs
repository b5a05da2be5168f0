using System;
using System.Threading;
using QedTools.Storage;
using QedTools.Tests.Support;

namespace QedTools.Tests.DataPlane;

/// <summary>Lets many threads use a storage that is meant for one; every so often it yields to another thread.</summary>
internal sealed class LockedStorage(IStorage inner) : ForwardingStorage(inner)
{
    private readonly Lock _gate = new();
    private int _calls;

    public override long Length
    {
        get
        {
            lock (_gate)
            {
                return Inner.Length;
            }
        }
    }

    public override int Read(long offset, Span<byte> buffer)
    {
        Yield();
        lock (_gate)
        {
            return Inner.Read(offset, buffer);
        }
    }

    public override void Write(long offset, ReadOnlySpan<byte> data)
    {
        Yield();
        lock (_gate)
        {
            Inner.Write(offset, data);
        }
    }

    public override void SetLength(long length)
    {
        lock (_gate)
        {
            Inner.SetLength(length);
        }
    }

    public override StorageRange RangeAt(long offset, long length)
    {
        lock (_gate)
        {
            return Inner.RangeAt(offset, length);
        }
    }

    private void Yield()
    {
        if (Interlocked.Increment(ref _calls) % 3 == 0)
        {
            Thread.Yield();
        }
    }
}
