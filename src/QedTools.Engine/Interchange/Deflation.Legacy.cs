using System;
using System.Buffers;
using System.IO;
using System.IO.Compression;

namespace QedTools.Interchange;

/// <summary>Streams that deflate what is written to them.</summary>
internal static class Deflation
{
    /// <summary>A stream for data that is to be packed quickly.</summary>
    /// <param name="packed">What is packed goes there; stays open.</param>
    public static DeflateStream Begin(Stream packed) => new(packed, CompressionLevel.Optimal, leaveOpen: true);

    /// <summary>A stream for data that is to be packed as tightly as zlib does it.</summary>
    /// <param name="packed">What is packed goes there; stays open.</param>
    public static DeflateStream BeginTight(Stream packed) => Begin(packed);

    /// <summary>Writes a buffer.</summary>
    public static void Write(Stream stream, ReadOnlySpan<byte> buffer)
    {
        byte[] rented = ArrayPool<byte>.Shared.Rent(buffer.Length);
        try
        {
            buffer.CopyTo(rented);
            stream.Write(rented, 0, buffer.Length);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }
}
