using System;

namespace QedTools.Interchange.Vhdx.Format;

/// <summary>CRC-32C (Castagnoli), the checksum of VHDX structures ([MS-VHDX], 2.2.2).</summary>
internal static partial class Crc32C
{
    /// <summary>Where a structure's Checksum field is, in bytes from its start: after its Signature field of 4 bytes.</summary>
    public const int FieldOffset = 4;

    private const int FieldSize = sizeof(uint);

    /// <summary>The state that <see cref="Append"/> begins with; the checksum is the complement of the final state.</summary>
    public const uint Start = uint.MaxValue;

    private static ReadOnlySpan<byte> Nothing => [0, 0, 0, 0];

    /// <summary>The checksum of bytes.</summary>
    public static uint Of(ReadOnlySpan<byte> bytes) => ~Append(Start, bytes);

    /// <summary>The checksum of a structure, whose Checksum field counts as zero.</summary>
    public static uint OfStructure(ReadOnlySpan<byte> structure) => ~AppendStructure(Start, structure);

    /// <summary>Continues with the first part of a structure, whose Checksum field counts as zero.</summary>
    public static uint AppendStructure(uint state, ReadOnlySpan<byte> structure)
    {
        state = Append(state, structure.Slice(0, FieldOffset));
        state = Append(state, Nothing);
        return Append(state, structure.Slice(FieldOffset + FieldSize));
    }
}
