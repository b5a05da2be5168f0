using QedTools.Storage;

namespace QedTools.Disks;

/// <summary>A disk whose file can have the same blocks of the file system as another one.</summary>
internal interface ISharingDisk : IDisk
{
    /// <inheritdoc cref="ISharingStorage.SharingUnitWith"/>
    int? SharingUnitWith(IStorage source);

    /// <summary>Writes what is in memory, or in a range of another file: blocks that can be shared with that file are not copied.</summary>
    /// <param name="offset">Where on the disk to write it, in bytes; the range must be within the disk.</param>
    /// <param name="content">What to write.</param>
    /// <exception cref="QedException">It could not be read or written. The range still has its old contents, or part of the new data.</exception>
    void Write(long offset, DiskContent content);
}
