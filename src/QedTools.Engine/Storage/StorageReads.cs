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
}
