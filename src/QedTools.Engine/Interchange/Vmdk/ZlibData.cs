using System;
using System.Buffers.Binary;
using System.IO;

namespace QedTools.Interchange.Vmdk;

/// <summary>Deflated data with zlib's header and checksum around it (RFC 1950), which grains are compressed to.</summary>
internal static class ZlibData
{
    private const int HeaderSize = 2;
    private const int ChecksumSize = 4;

    /// <summary>The fewest bytes that it can have: a header, an empty block, and a checksum.</summary>
    public const int MinSize = HeaderSize + 2 + ChecksumSize;

    private const int MethodMask = 0x0f;
    private const int MethodDeflate = 8;
    private const int HasDictionary = 0x20;
    private const int HeaderModulus = 31;

    // Deflate with a window of 32 KiB, the usual level, and the check bits (RFC 1950, 2.2).
    private static ReadOnlySpan<byte> DefaultHeader => [0x78, 0x9c];

    /// <summary>Unpacks data that must not be longer than the buffer.</summary>
    /// <param name="packed">A buffer that begins with it.</param>
    /// <param name="length">How many bytes it has.</param>
    /// <param name="data">The buffer to fill.</param>
    /// <returns>How many bytes were unpacked; null if there are more than the buffer holds.</returns>
    /// <exception cref="InvalidDataException">It is not such data, or its checksum is wrong.</exception>
    public static int? Unpack(byte[] packed, int length, Span<byte> data)
    {
        if (length < MinSize
            || (packed[0] & MethodMask) != MethodDeflate
            || ((packed[0] << 8) | packed[1]) % HeaderModulus != 0
            || (packed[1] & HasDictionary) != 0)
        {
            throw new InvalidDataException();
        }

        int? count = DeflatedData.UnpackAll(packed, HeaderSize, length - HeaderSize - ChecksumSize, data);
        return count is not { } known || Adler32(data.Slice(0, known)) == BinaryPrimitives.ReadUInt32BigEndian(packed.AsSpan(length - ChecksumSize))
            ? count
            : throw new InvalidDataException();
    }

    /// <summary>How many bytes packed data has at most. Data that does not get smaller is stored in blocks with a few bytes each (RFC 1951, 3.2.4).</summary>
    /// <param name="length">The length of the data, in bytes.</param>
    public static int MaxLengthFor(int length) => length + (length >> 8) + 64;

    /// <summary>Packs data tightly: a compressed disk is made once and sent often.</summary>
    /// <param name="data">The data.</param>
    /// <param name="packed">The buffer to fill.</param>
    /// <param name="length">The packed length, in bytes; 0 if it does not fit.</param>
    /// <returns>Whether they fit.</returns>
    public static bool TryPack(ReadOnlySpan<byte> data, Span<byte> packed, out int length)
    {
        Span<byte> deflated = packed.Slice(HeaderSize, packed.Length - HeaderSize - ChecksumSize);
        if (!DeflatedData.TryPackTightly(data, deflated, out int deflatedLength))
        {
            length = 0;
            return false;
        }

        DefaultHeader.CopyTo(packed);
        BinaryPrimitives.WriteUInt32BigEndian(packed.Slice(HeaderSize + deflatedLength), Adler32(data));
        length = HeaderSize + deflatedLength + ChecksumSize;
        return true;
    }

    /// <summary>The checksum of unpacked data (RFC 1950, 8.2).</summary>
    public static uint Adler32(ReadOnlySpan<byte> data)
    {
        // The largest prime below 2^16, and how many bytes can be added before a sum no longer fits in 32 bits.
        const uint Modulus = 65521;
        const int MaxPart = 5552;
        uint low = 1;
        uint high = 0;
        while (data.Length > 0)
        {
            ReadOnlySpan<byte> part = data.Slice(0, Math.Min(MaxPart, data.Length));
            foreach (byte value in part)
            {
                low += value;
                high += low;
            }

            low %= Modulus;
            high %= Modulus;
            data = data.Slice(part.Length);
        }

        return (high << 16) | low;
    }
}
