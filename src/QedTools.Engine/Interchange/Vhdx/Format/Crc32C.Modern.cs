using System;
using System.Numerics;
using System.Runtime.InteropServices;

namespace QedTools.Interchange.Vhdx.Format;

// With the processor's own instruction, where it has one.
internal static partial class Crc32C
{
    /// <summary>Continues with more bytes.</summary>
    public static uint Append(uint state, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (ulong word in words)
        {
            state = BitOperations.Crc32C(state, BitConverter.IsLittleEndian ? word : System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(word));
        }

        foreach (byte rest in bytes.Slice(words.Length * sizeof(ulong)))
        {
            state = BitOperations.Crc32C(state, rest);
        }

        return state;
    }
}
