using System;
using System.IO;
using System.IO.Compression;

namespace QedTools.Interchange;

/// <summary>Unpacks deflated data without a header (RFC 1951). Safe for several threads; no more comes of it than there is room for.</summary>
internal static class Deflate
{
    /// <summary>Unpacks as much as a buffer takes; what follows in the data is left alone.</summary>
    /// <param name="packed">A buffer with the data in it.</param>
    /// <param name="start">Where in the buffer the data begins.</param>
    /// <param name="length">How many bytes it has, or at the most has where other bytes may follow it.</param>
    /// <param name="data">What to fill.</param>
    /// <returns>How many bytes came of it; fewer than asked for if the data ends before.</returns>
    /// <exception cref="InvalidDataException">It is no such data.</exception>
    public static int Unpack(byte[] packed, int start, int length, Span<byte> data) => Unpack(packed, start, length, data, out _);

    /// <summary>Unpacks data that is to end where the buffer does, or before.</summary>
    /// <param name="packed">A buffer with the data in it.</param>
    /// <param name="start">Where in the buffer the data begins.</param>
    /// <param name="length">How many bytes it has, or at the most has where other bytes may follow it.</param>
    /// <param name="data">What to fill.</param>
    /// <returns>How many bytes came of it; null if there are more than the buffer takes.</returns>
    /// <exception cref="InvalidDataException">It is no such data.</exception>
    public static int? UnpackAll(byte[] packed, int start, int length, Span<byte> data)
    {
        int count = Unpack(packed, start, length, data, out bool isMore);
        return isMore ? null : count;
    }

    private static int Unpack(byte[] packed, int start, int length, Span<byte> data, out bool isMore)
    {
        using MemoryStream bytes = new(packed, start, length, writable: false);
        using DeflateStream stream = new(bytes, CompressionMode.Decompress);
        try
        {
            int count = Inflation.Fill(stream, data);
            isMore = count == data.Length && stream.ReadByte() >= 0;
            return count;
        }
        catch (IOException e) when (!AssemblyErrors.IsOne(e))
        {
            // Mono's answer to data that is not deflated.
            throw new InvalidDataException(e.Message, e);
        }
    }
}
