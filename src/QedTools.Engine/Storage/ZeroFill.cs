using System;

namespace QedTools.Storage;

/// <summary>Writes zeroes where a hole will not do.</summary>
internal static class ZeroFill
{
    private static readonly byte[] Block = new byte[64 << 10];

    /// <summary>A block of zeroes to write from.</summary>
    public static ReadOnlyMemory<byte> Zeroes => Block;

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
