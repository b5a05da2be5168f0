using System;
using System.IO;
using System.IO.Compression;

namespace QedTools.Interchange;

/// <summary>Unpacks deflated data without a header (RFC 1951). Thread-safe; never unpacks more than the buffer holds.</summary>
internal static class Deflate
{
    /// <summary>Unpacks data until a buffer is full; the rest of the data is ignored.</summary>
    /// <param name="packed">A buffer with the data in it.</param>
    /// <param name="start">Where in the buffer the data begins.</param>
    /// <param name="length">Its length in bytes, or the most that it can be if other bytes may follow it.</param>
    /// <param name="data">The buffer to fill.</param>
    /// <returns>How many bytes were unpacked; fewer than the buffer holds if the data ends earlier.</returns>
    /// <exception cref="InvalidDataException">It is not deflated data.</exception>
    public static int Unpack(byte[] packed, int start, int length, Span<byte> data) => Unpack(packed, start, length, data, out _);

    /// <summary>Unpacks data that must not be longer than the buffer.</summary>
    /// <param name="packed">A buffer with the data in it.</param>
    /// <param name="start">Where in the buffer the data begins.</param>
    /// <param name="length">Its length in bytes, or the most that it can be if other bytes may follow it.</param>
    /// <param name="data">The buffer to fill.</param>
    /// <returns>How many bytes were unpacked; null if there are more than the buffer holds.</returns>
    /// <exception cref="InvalidDataException">It is not deflated data.</exception>
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
            // Mono throws this for data that is not deflated.
            throw new InvalidDataException(e.Message, e);
        }
    }
}
