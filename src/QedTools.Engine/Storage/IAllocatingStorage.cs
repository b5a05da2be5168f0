namespace QedTools.Storage;

/// <summary>A file whose host can be asked for space before anything is written there, and to take it back where there are only zeroes.</summary>
internal interface IAllocatingStorage
{
    /// <summary>Asks the host for the space of the whole file up to a length, which the file must have. Holes still read as zeroes.</summary>
    /// <param name="length">The length, in bytes; at least 1.</param>
    /// <returns>False if the host or the file system cannot do that.</returns>
    /// <exception cref="QedDiskFullException">There is not enough space.</exception>
    /// <exception cref="QedException">The host refused.</exception>
    bool TryAllocate(long length);

    /// <summary>Makes a range read as zeroes without writing them.</summary>
    /// <param name="offset">Where it begins, in bytes.</param>
    /// <param name="length">Its length, in bytes; at least 1, and not beyond the end of the file.</param>
    /// <returns>False if the host, the file system or the device cannot do that.</returns>
    /// <exception cref="QedException">The host refused.</exception>
    bool TryZero(long offset, long length);
}
