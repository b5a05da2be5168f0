namespace QedTools.Storage;

/// <summary>
/// A file that can have the same blocks of the file system as another one. The host separates the two again where either is written to, so that
/// sharing has the effect of copying, but takes neither the time nor the space.
/// </summary>
internal interface ISharingStorage
{
    /// <summary>The unit in which this file can share blocks with another one.</summary>
    /// <param name="source">The other file; may be this one.</param>
    /// <returns>A power of two, in bytes; null if the host or the file system cannot do it, or has refused it for these two files before.</returns>
    int? SharingUnitWith(IStorage source);

    /// <summary>Makes a range of this file share the blocks of a range of another one. This file grows as needed.</summary>
    /// <param name="source">The other file. Within one file the two ranges must not overlap.</param>
    /// <param name="sourceOffset">Where the range is there, in bytes: a multiple of the unit.</param>
    /// <param name="offset">Where it goes, in bytes: a multiple of the unit.</param>
    /// <param name="length">Its length, in bytes: a multiple of the unit; the range must end within the other file.</param>
    /// <returns>False if the host refused. Then the range may have been shared in part, which changes nothing for a caller that copies it.</returns>
    /// <exception cref="QedDiskFullException">There is not enough space, be it for what the file system must note down.</exception>
    bool TryShare(IStorage source, long sourceOffset, long offset, long length);
}
