using QedTools.Storage;

namespace QedTools.Disks;

/// <summary>A format whose disks can be in several files, of which one describes the disk.</summary>
internal interface IPartedFormat
{
    /// <summary>Whether a file is only a part of a disk, by its own contents and name.</summary>
    /// <exception cref="QedException">It could not be read.</exception>
    bool IsPart(IStorage storage);
}
