using System;
using System.Buffers;

namespace QedTools.Storage;

/// <summary>Copies bytes between files, or within one.</summary>
internal static class StorageCopy
{
    /// <summary>How much is copied at once, in bytes.</summary>
    public const int BufferBytes = 1 << 20;

    /// <summary>Copies a range. Within one file the two ranges must not overlap.</summary>
    /// <exception cref="QedFileChangedException">The source ends too early.</exception>
    /// <exception cref="QedException">A file could not be read or written.</exception>
    public static void Run(IStorage source, long offset, IStorage target, long targetOffset, long length)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(length, BufferBytes));
        try
        {
            while (length > 0)
            {
                Span<byte> piece = buffer.AsSpan(0, (int)Math.Min(length, buffer.Length));
                source.ReadExactly(offset, piece);
                target.Write(targetOffset, piece);
                offset += piece.Length;
                targetOffset += piece.Length;
                length -= piece.Length;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
