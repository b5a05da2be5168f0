using System;
using QedTools.Storage;

namespace QedTools.Tests.Support;

/// <summary>A storage in front of another one; a test overrides what it wants to observe or to break.</summary>
/// <remarks>
/// By default, closing it leaves the other one open: the test looks at that one afterwards, and whoever created it closes it.
/// </remarks>
internal abstract class ForwardingStorage(IStorage inner) : IStorage
{
    public virtual string Path => Inner.Path;

    public virtual string Identity => Inner.Identity;

    public virtual bool CanWrite => Inner.CanWrite;

    public virtual int? DeviceSectorSize => Inner.DeviceSectorSize;

    public virtual long Length => Inner.Length;

    public virtual StorageStamp Stamp => Inner.Stamp;

    public virtual long AllocatedBytes => Inner.AllocatedBytes;

    public virtual FreeSpace? FreeSpace => Inner.FreeSpace;

    public virtual bool IsInUse => Inner.IsInUse;

    protected IStorage Inner { get; } = inner;

    protected virtual bool ClosesInner => false;

    public virtual int Read(long offset, Span<byte> buffer) => Inner.Read(offset, buffer);

    public virtual void Write(long offset, ReadOnlySpan<byte> data) => Inner.Write(offset, data);

    public virtual void SetLength(long length) => Inner.SetLength(length);

    public virtual void Flush() => Inner.Flush();

    public virtual void BeginFlush() => Inner.BeginFlush();

    public virtual StorageRange RangeAt(long offset, long length) => Inner.RangeAt(offset, length);

    public virtual void Dispose()
    {
        if (ClosesInner)
        {
            Inner.Dispose();
        }
    }
}
