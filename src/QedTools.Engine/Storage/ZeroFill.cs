using System;

namespace QedTools.Storage;

/// <summary>Writes zeroes where a hole will not do.</summary>
internal static class ZeroFill
{
    private static readonly byte[] Block = new byte[64 << 10];

    /// <summary>A block of zeroes to write from.</summary>
    public static ReadOnlyMemory<byte> Zeroes => Block;

    /// <summary>Makes a range read as zeroes: by a hole where the host can make one, else by writing them.</summary>
    /// <param name="storage">The file, or a device.</param>
    /// <param name="offset">Where the range begins, in bytes.</param>
    /// <param name="length">Its length, in bytes; not beyond the end of the file.</param>
    /// <exception cref="QedException">The file could not be changed.</exception>
    public static void Clear(IStorage storage, long offset, long length)
    {
        if (length > 0 && (storage as IAllocatingStorage)?.TryZero(offset, length) != true)
        {
            Write(storage, offset, length);
        }
    }

    /// <summary>Writes <paramref name="length"/> zero bytes at <paramref name="offset"/>.</summary>
    /// <exception cref="QedException">The file could not be written.</exception>
    public static void Write(IStorage storage, long offset, long length)
    {
        while (length > 0)
        {
            int count = (int)Math.Min(length, Block.Length);
            storage.Write(offset, Block.AsSpan(0, count));
            offset += count;
            length -= count;
        }
    }
}
