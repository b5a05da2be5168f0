using System;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange.Raw;

/// <summary>The disk in a raw file. Its holes are zeroes. Its length is the one it had when it was opened, whatever happens to the file.</summary>
/// <param name="storage">The file.</param>
/// <param name="canWrite">Whether it may be changed from the start.</param>
internal sealed class RawDisk(IStorage storage, bool canWrite = true) : ILocatedDisk, ISharingDisk
{
    public long Length { get; private set; } = storage.Length;

    public bool CanWrite { get; private set; } = canWrite;

    /// <summary>Allows changes from now on.</summary>
    public void AllowWriting() => CanWrite = true;

    public DiskExtent ExtentAt(long offset, long length) => StoredExtent.Required(storage, offset, fileOffset: offset, length);

    public void Read(long offset, Span<byte> buffer) => storage.ReadExactly(offset, buffer);

    public IStorage? FileOf(in DiskExtent extent) => extent.State == QedExtentState.Data ? storage : null;

    public IStorage? FileWithHolesOf(in DiskExtent extent) => null;

    public int? SharingUnitWith(IStorage source) => (storage as ISharingStorage)?.SharingUnitWith(source);

    public void Write(long offset, ReadOnlySpan<byte> data) => Writable.Write(offset, data);

    public void Write(long offset, DiskContent content) => content.StoreIn(Writable, offset);

    public void Zero(long offset, long length)
    {
        while (length > 0)
        {
            StorageRange range = storage.RangeAt(offset, length);
            if (!range.IsHole)
            {
                ZeroFill.Clear(Writable, offset, range.Length);
            }

            offset += range.Length;
            length -= range.Length;
        }
    }

    public void Flush() => storage.Flush();

    public void SetLength(long length)
    {
        Writable.SetLength(length);
        Length = length;
    }

    private IStorage Writable => CanWrite ? storage : throw new InvalidOperationException("The disk is open for reading only.");
}
