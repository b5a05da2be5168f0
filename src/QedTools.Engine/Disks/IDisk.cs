namespace QedTools.Disks;

/// <summary>A disk as its user sees it: a fixed number of bytes, whatever files they come from.</summary>
internal interface IDisk
{
    /// <summary>The disk's size, in bytes.</summary>
    long Length { get; }

    /// <summary>The extent that begins at <paramref name="offset"/>.</summary>
    /// <param name="offset">0 to <see cref="Length"/> - 1, in bytes.</param>
    /// <param name="length">How far to look, in bytes; at least 1, not beyond the end of the disk.</param>
    /// <returns>An extent of at least one byte; what follows it may continue it (<see cref="ExtentWalk"/> joins them).</returns>
    /// <exception cref="QedException">The tables that tell could not be read or are damaged.</exception>
    DiskExtent ExtentAt(long offset, long length);
}
