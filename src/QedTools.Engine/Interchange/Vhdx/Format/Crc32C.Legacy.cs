using System;

namespace QedTools.Interchange.Vhdx.Format;

// With a table, a byte at a time.
internal static partial class Crc32C
{
    private const uint ReversedPolynomial = 0x82F63B78;

    private static readonly uint[] Table = MakeTable();

    /// <summary>Continues with more bytes.</summary>
    public static uint Append(uint state, ReadOnlySpan<byte> bytes)
    {
        foreach (byte value in bytes)
        {
            state = Table[(state ^ value) & 0xFF] ^ (state >> 8);
        }

        return state;
    }

    private static uint[] MakeTable()
    {
        uint[] table = new uint[256];
        for (uint i = 0; i < table.Length; i++)
        {
            uint value = i;
            for (int bit = 0; bit < 8; bit++)
            {
                value = (value >> 1) ^ ((value & 1) == 0 ? 0 : ReversedPolynomial);
            }

            table[i] = value;
        }

        return table;
    }
}
