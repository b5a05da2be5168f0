using QedTools.Storage;

namespace QedTools.Disks;

/// <summary>What a range of a file holds for the disk above it: a hole in the host's file is zeroes, anything else is data.</summary>
internal static class StoredExtent
{
    /// <summary>The extent that begins at <paramref name="offset"/>.</summary>
    /// <param name="storage">The file.</param>
    /// <param name="offset">Where it begins on the disk, in bytes.</param>
    /// <param name="fileOffset">Where it begins in the file, in bytes.</param>
    /// <param name="length">How far to look, in bytes.</param>
    /// <exception cref="QedException">The host could not report it.</exception>
    public static DiskExtent At(IStorage storage, long offset, long fileOffset, long length) =>
        Of(storage.RangeAt(fileOffset, length), offset, fileOffset);

    /// <summary>The same for a file that is only read, and that contained all of the range when it was opened.</summary>
    /// <param name="storage">The file.</param>
    /// <param name="offset">Where it begins on the disk, in bytes.</param>
    /// <param name="fileOffset">Where it begins in the file, in bytes.</param>
    /// <param name="length">How far to look, in bytes.</param>
    /// <exception cref="QedFileChangedException">It was truncated since.</exception>
    /// <exception cref="QedException">The host could not report it.</exception>
    public static DiskExtent Required(IStorage storage, long offset, long fileOffset, long length) =>
        Of(storage.StoredRangeAt(fileOffset, length), offset, fileOffset);

    private static DiskExtent Of(StorageRange range, long offset, long fileOffset) => range.IsHole
        ? new DiskExtent(offset, range.Length, QedExtentState.Zero, FileOffset: 0, Depth: 0)
        : new DiskExtent(offset, range.Length, QedExtentState.Data, fileOffset, Depth: 0);
}
