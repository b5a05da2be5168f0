using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange.Raw;

/// <summary>The disk that a raw file is. Its holes are zeroes.</summary>
internal sealed class RawDisk(IStorage storage) : IDisk
{
    public long Length => storage.Length;

    public DiskExtent ExtentAt(long offset, long length)
    {
        StorageRange range = storage.RangeAt(offset, length);
        return range.IsHole
            ? new DiskExtent(offset, range.Length, QedExtentState.Zero, FileOffset: 0, Depth: 0)
            : new DiskExtent(offset, range.Length, QedExtentState.Data, FileOffset: offset, Depth: 0);
    }
}
