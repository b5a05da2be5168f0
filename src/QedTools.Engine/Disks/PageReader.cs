using System;
using QedTools.Storage;

namespace QedTools.Disks;

/// <summary>Fills a buffer of zeroes from a file.</summary>
/// <param name="offset">Where in the file to begin, in bytes.</param>
/// <param name="bytes">The buffer to fill; what the file does not have stays zero.</param>
/// <exception cref="QedException">The file could not be read.</exception>
internal delegate void PageReader(long offset, Span<byte> bytes);

/// <summary>The ways to read pages of tables (<see cref="PageCache{T}"/>).</summary>
internal static class PageReaders
{
    /// <summary>Reads a file that must be complete up to an offset.</summary>
    /// <param name="file">The file.</param>
    /// <param name="end">Where the file, or the table, ends, in bytes: a page can extend beyond that.</param>
    public static PageReader Until(IStorage file, long end) =>
        (offset, bytes) => file.ReadExactly(offset, bytes.Slice(0, (int)Math.Max(0, Math.Min(bytes.Length, end - offset))));

    /// <summary>Reads a file that is being built, where a table just begun is all zeroes.</summary>
    /// <param name="file">The file.</param>
    public static PageReader OfNew(IStorage file) => (offset, bytes) => file.Read(offset, bytes);
}
