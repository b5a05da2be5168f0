using System;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange.Raw;

/// <summary>The disk that a raw file is. Its holes are zeroes. Its length is the one it was opened with, whatever happens to the file.</summary>
internal sealed class RawDisk(IStorage storage) : IDisk
{
    public long Length { get; private set; } = storage.Length;

    public bool CanWrite => storage.CanWrite;

    public DiskExtent ExtentAt(long offset, long length) => StoredExtent.Required(storage, offset, fileOffset: offset, length);

    public void Read(long offset, Span<byte> buffer) => storage.ReadExactly(offset, buffer);

    public void Write(long offset, ReadOnlySpan<byte> data) => storage.Write(offset, data);

    public void Zero(long offset, long length)
    {
        while (length > 0)
        {
            StorageRange range = storage.RangeAt(offset, length);
            if (!range.IsHole)
            {
                ZeroFill.Write(storage, offset, range.Length);
            }

            offset += range.Length;
            length -= range.Length;
        }
    }

    public void Flush() => storage.Flush();

    public void SetLength(long length)
    {
        storage.SetLength(length);
        Length = length;
    }
}
