using System;
using System.Buffers;
using System.IO;
using System.IO.Compression;

namespace QedTools.Interchange;

/// <summary>Packs and unpacks deflated data without a header (RFC 1951). Thread-safe; never unpacks more than the buffer holds.</summary>
internal static class DeflatedData
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

    /// <summary>Packs data quickly.</summary>
    /// <param name="data">The data.</param>
    /// <param name="packed">The buffer to fill.</param>
    /// <param name="length">The packed length, in bytes; 0 if it does not fit.</param>
    /// <returns>Whether they fit.</returns>
    public static bool TryPack(ReadOnlySpan<byte> data, Span<byte> packed, out int length) => TryPack(data, packed, Deflation.Begin, out length);

    /// <summary>Packs data as tightly as zlib does.</summary>
    /// <inheritdoc cref="TryPack(ReadOnlySpan{byte}, Span{byte}, out int)"/>
    public static bool TryPackTightly(ReadOnlySpan<byte> data, Span<byte> packed, out int length) =>
        TryPack(data, packed, Deflation.BeginTight, out length);

    private static bool TryPack(ReadOnlySpan<byte> data, Span<byte> packed, Func<Stream, DeflateStream> begin, out int length)
    {
        // More than zlib ever needs, whatever the data.
        byte[] rented = ArrayPool<byte>.Shared.Rent(data.Length + (data.Length / 4) + 1024);
        try
        {
            using MemoryStream bytes = new(rented);
            using (DeflateStream stream = begin(bytes))
            {
                Deflation.Write(stream, data);
            }

            length = (int)bytes.Position;
            if (length > packed.Length)
            {
                length = 0;
                return false;
            }

            rented.AsSpan(0, length).CopyTo(packed);
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
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
