using System;

namespace QedTools.Storage;

/// <summary>How much of a file is stored, and how much of it is holes.</summary>
internal static class StoredBytes
{
    /// <summary>How many bytes of a range are stored: neither in a hole nor beyond the end of the file.</summary>
    /// <param name="storage">The file.</param>
    /// <param name="offset">Where the range begins, in bytes.</param>
    /// <param name="length">Its length, in bytes; may extend beyond the end of the file.</param>
    /// <exception cref="QedException">The file could not be read.</exception>
    public static long StoredBytesIn(this IStorage storage, long offset, long length)
    {
        long stored = 0;
        long left = Math.Min(length, storage.Length - offset);
        while (left > 0)
        {
            StorageRange range = storage.RangeAt(offset, left);
            stored += range.IsHole ? 0 : range.Length;
            offset += range.Length;
            left -= range.Length;
        }

        return stored;
    }
}
