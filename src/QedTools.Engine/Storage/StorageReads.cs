using System;

namespace QedTools.Storage;

/// <summary>Reads that a file must be able to fill: zeroes are given only where a format says zeroes.</summary>
internal static class StorageReads
{
    /// <summary>Fills <paramref name="buffer"/> from <paramref name="offset"/> on.</summary>
    /// <param name="storage">The file.</param>
    /// <param name="offset">Where to begin, in bytes; the caller saw that the range lies in the file when it was opened.</param>
    /// <param name="buffer">Where to.</param>
    /// <exception cref="QedFileChangedException">The file ends before; it was cut short since.</exception>
    /// <exception cref="QedException">It could not be read.</exception>
    public static void ReadExactly(this IStorage storage, long offset, Span<byte> buffer)
    {
        int count = storage.Read(offset, buffer);
        if (count < buffer.Length)
        {
            throw QedFileChangedException.ForMissingBytes(storage.Path, offset + count, buffer.Length - count);
        }
    }

    /// <summary>Reads of a file that is being made: what is not written yet is zeroes.</summary>
    /// <param name="storage">The file.</param>
    /// <param name="offset">Where to begin, in bytes; may lie behind the end of the file.</param>
    /// <param name="buffer">Where to.</param>
    /// <exception cref="QedException">It could not be read.</exception>
    public static void ReadOrZero(this IStorage storage, long offset, Span<byte> buffer) =>
        buffer.Slice(storage.Read(offset, buffer)).Clear();

    /// <summary><see cref="IStorage.RangeAt"/> of a file that is read: behind its end there are no holes.</summary>
    /// <param name="storage">The file.</param>
    /// <param name="offset">Where to begin, in bytes; the caller saw that the range lies in the file when it was opened.</param>
    /// <param name="length">How far to look, in bytes; at least 1.</param>
    /// <exception cref="QedFileChangedException">The file ends before; it was cut short since.</exception>
    /// <exception cref="QedException">The host did not tell.</exception>
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
