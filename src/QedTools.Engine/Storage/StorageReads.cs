using System;

namespace QedTools.Storage;

/// <summary>Reads that a file must satisfy in full: zeroes are returned only where a format calls for zeroes.</summary>
internal static class StorageReads
{
    /// <summary>Fills <paramref name="buffer"/> from <paramref name="offset"/> on.</summary>
    /// <param name="storage">The file.</param>
    /// <param name="offset">Where to begin, in bytes; the caller has checked that the range was in the file when it was opened.</param>
    /// <param name="buffer">The buffer to fill.</param>
    /// <exception cref="QedFileChangedException">The file ends too early: it was truncated since.</exception>
    /// <exception cref="QedException">It could not be read.</exception>
    public static void ReadExactly(this IStorage storage, long offset, Span<byte> buffer)
    {
        int count = storage.Read(offset, buffer);
        if (count < buffer.Length)
        {
            throw QedFileChangedException.ForMissingBytes(storage.Path, offset + count, buffer.Length - count);
        }
    }

    /// <summary>Reads from a file that is being built: what is not written yet is zeroes.</summary>
    /// <param name="storage">The file.</param>
    /// <param name="offset">Where to begin, in bytes; may be beyond the end of the file.</param>
    /// <param name="buffer">The buffer to fill.</param>
    /// <exception cref="QedException">It could not be read.</exception>
    public static void ReadOrZero(this IStorage storage, long offset, Span<byte> buffer) =>
        buffer.Slice(storage.Read(offset, buffer)).Clear();

    /// <summary><see cref="IStorage.RangeAt"/> of a file that is only read: beyond its end there are no holes.</summary>
    /// <param name="storage">The file.</param>
    /// <param name="offset">Where to begin, in bytes; the caller has checked that the range was in the file when it was opened.</param>
    /// <param name="length">How far to look, in bytes; at least 1.</param>
    /// <exception cref="QedFileChangedException">The file ends too early: it was truncated since.</exception>
    /// <exception cref="QedException">The host could not report it.</exception>
    public static StorageRange StoredRangeAt(this IStorage storage, long offset, long length)
    {
        StorageRange range = storage.RangeAt(offset, length);
        if (range.IsHole && storage.Length is var end && end - offset < range.Length)
        {
            long missing = Math.Max(offset, end);
            throw QedFileChangedException.ForMissingBytes(storage.Path, missing, offset + range.Length - missing);
        }

        return range;
    }
}
