using System;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange;

/// <summary>A disk whose bytes lie in order in a part of a file. Holes are zeroes.</summary>
/// <param name="storage">The file.</param>
/// <param name="start">Where the disk begins in it, in bytes.</param>
/// <param name="length">The disk's size, in bytes.</param>
/// <param name="isNew">Whether the file is being made, and written to; what is not written is zeroes then.</param>
internal sealed class FlatDisk(IStorage storage, long start, long length, bool isNew) : IDisk
{
    public long Length => length;

    public bool CanWrite => isNew;

    public DiskExtent ExtentAt(long offset, long length) => isNew
        ? StoredExtent.At(storage, offset, start + offset, length)
        : StoredExtent.Required(storage, offset, start + offset, length);

    public void Read(long offset, Span<byte> buffer)
    {
        if (isNew)
        {
            storage.ReadOrZero(start + offset, buffer);
        }
        else
        {
            storage.ReadExactly(start + offset, buffer);
        }
    }

    public void Write(long offset, ReadOnlySpan<byte> data) => storage.Write(start + offset, data);

    public void Zero(long offset, long length)
    {
        long end = Math.Min(start + offset + length, storage.Length);
        for (long at = start + offset; at < end;)
        {
            StorageRange range = storage.RangeAt(at, end - at);
            if (!range.IsHole)
            {
                ZeroFill.Write(storage, at, range.Length);
            }

            at += range.Length;
        }
    }

    public void Flush() => storage.Flush();

    public void SetLength(long length) => throw new InvalidOperationException("A file that is being made keeps its size.");
}
