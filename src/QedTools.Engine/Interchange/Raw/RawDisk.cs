using System;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange.Raw;

/// <summary>The disk that a raw file is. Its holes are zeroes.</summary>
/// <param name="storage">The file.</param>
/// <param name="canWrite">Whether the layer allowed changes.</param>
internal sealed class RawDisk(IStorage storage, bool canWrite = true) : IDisk
{
    public long Length => storage.Length;

    public bool CanWrite => canWrite;

    public DiskExtent ExtentAt(long offset, long length) => StoredExtent.At(storage, offset, fileOffset: offset, length);

    // The file may have become shorter since somebody asked for its length.
    public void Read(long offset, Span<byte> buffer) => buffer.Slice(storage.Read(offset, buffer)).Clear();

    public void Write(long offset, ReadOnlySpan<byte> data) => Writable.Write(offset, data);

    public void Zero(long offset, long length)
    {
        while (length > 0)
        {
            StorageRange range = storage.RangeAt(offset, length);
            if (!range.IsHole)
            {
                ZeroFill.Write(Writable, offset, range.Length);
            }

            offset += range.Length;
            length -= range.Length;
        }
    }

    public void Flush() => storage.Flush();

    public void SetLength(long length) => Writable.SetLength(length);

    private IStorage Writable => canWrite ? storage : throw new InvalidOperationException("The disk is open for reading only.");
}
