using System;

namespace QedTools.Storage;

/// <summary>
/// A file that does not have its final name yet. Nothing finds it after a crash, so the order of its writes does not matter, and
/// flushing it before it is finished would be pointless.
/// </summary>
/// <param name="inner">The file.</param>
/// <param name="path">Its final name.</param>
internal sealed class UnnamedStorage(IStorage inner, string path) : IStorage, IAllocatingStorage, ISharingStorage
{
    /// <summary>The final name: the temporary one means nothing to the user.</summary>
    public string Path => path;

    public string Identity => inner.Identity;

    public bool CanWrite => inner.CanWrite;

    public int? DeviceSectorSize => inner.DeviceSectorSize;

    public long Length => inner.Length;

    public StorageStamp Stamp => inner.Stamp;

    public long AllocatedBytes => inner.AllocatedBytes;

    public FreeSpace? FreeSpace => inner.FreeSpace;

    public bool IsInUse => inner.IsInUse;

    public int Read(long offset, Span<byte> buffer) => inner.Read(offset, buffer);

    public void Write(long offset, ReadOnlySpan<byte> data) => inner.Write(offset, data);

    public void SetLength(long length) => inner.SetLength(length);

    /// <summary>Does nothing: <see cref="NewFile.Commit"/> flushes.</summary>
    public void Flush()
    {
    }

    public void BeginFlush() => inner.BeginFlush();

    public StorageRange RangeAt(long offset, long length) => inner.RangeAt(offset, length);

    public bool TryAllocate(long length) => (inner as IAllocatingStorage)?.TryAllocate(length) == true;

    public bool TryZero(long offset, long length) => (inner as IAllocatingStorage)?.TryZero(offset, length) == true;

    public int? SharingUnitWith(IStorage source) => (inner as ISharingStorage)?.SharingUnitWith(source == this ? inner : source);

    public bool TryShare(IStorage source, long sourceOffset, long offset, long length) =>
        (inner as ISharingStorage)?.TryShare(source == this ? inner : source, sourceOffset, offset, length) == true;

    public void Dispose() => inner.Dispose();
}
