using System;

namespace QedTools.Partitions;

/// <summary>The CRC-32 of Ethernet and of UEFI tables (reflected polynomial 0xEDB88320).</summary>
internal static class Crc32
{
    private static readonly uint[] Table = MakeTable();

    /// <summary>The checksum of UEFI tables: it begins with all bits set and ends inverted.</summary>
    public static uint Of(ReadOnlySpan<byte> data) => ~Append(uint.MaxValue, data);

    /// <summary>Continues a checksum, without inverting it.</summary>
    /// <param name="crc">The checksum so far.</param>
    /// <param name="data">The bytes that follow.</param>
    public static uint Append(uint crc, ReadOnlySpan<byte> data)
    {
        foreach (byte one in data)
        {
            crc = (crc >> 8) ^ Table[(byte)crc ^ one];
        }

        return crc;
    }

    private static uint[] MakeTable()
    {
        uint[] table = new uint[256];
        for (uint i = 0; i < 256; i++)
        {
            uint value = i;
            for (int bit = 0; bit < 8; bit++)
            {
                value = (value >> 1) ^ ((value & 1) * 0xEDB88320);
            }

            table[i] = value;
        }

        return table;
    }
}
