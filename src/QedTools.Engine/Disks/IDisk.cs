using System;

namespace QedTools.Disks;

/// <summary>A disk as its user sees it: a sequence of bytes, whatever files they come from.</summary>
/// <remarks>
/// Many threads may read at once, also while one writes; bytes that are read while they are being written come out old or new.
/// Calls that write wait for each other.
/// </remarks>
internal interface IDisk
{
    /// <summary>The disk's size, in bytes.</summary>
    long Length { get; }

    /// <summary>Whether the disk may be written to.</summary>
    bool CanWrite { get; }

    /// <summary>The extent that begins at <paramref name="offset"/>.</summary>
    /// <param name="offset">0 to <see cref="Length"/> - 1, in bytes.</param>
    /// <param name="length">How far to look, in bytes; at least 1, not beyond the end of the disk.</param>
    /// <returns>An extent of at least one byte; the next one may continue it (<see cref="ExtentWalk"/> joins them).</returns>
    /// <exception cref="QedException">The tables could not be read or are damaged.</exception>
    DiskExtent ExtentAt(long offset, long length);

    /// <summary>Fills <paramref name="buffer"/> from <paramref name="offset"/> on; the range must be within the disk.</summary>
    /// <exception cref="QedException">It could not be read.</exception>
    void Read(long offset, Span<byte> buffer);

    /// <summary>Writes <paramref name="data"/> at <paramref name="offset"/>; the range must be within the disk.</summary>
    /// <exception cref="QedException">It could not be written. The range still has its old contents, or part of the new data.</exception>
    void Write(long offset, ReadOnlySpan<byte> data);

    /// <summary>Makes a range of the disk read as zeroes, using as little space as the format allows.</summary>
    /// <param name="offset">Where it begins, in bytes.</param>
    /// <param name="length">Its length, in bytes; the range must be within the disk.</param>
    /// <exception cref="QedException">It could not be written.</exception>
    void Zero(long offset, long length);

    /// <summary>Returns when everything written before is on the disk and will survive a crash.</summary>
    /// <exception cref="QedException">It could not be written.</exception>
    void Flush();

    /// <summary>Changes the disk's size. What is added reads as zeroes; what is cut off is lost.</summary>
    /// <param name="length">The new size, in bytes.</param>
    /// <exception cref="QedLimitException">The format cannot have that size.</exception>
    /// <exception cref="QedException">It could not be written.</exception>
    void SetLength(long length);
}
