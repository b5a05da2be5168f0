using System;
using System.Buffers.Binary;

namespace QedTools.Partitions;

/// <summary>An entry of a partition table in the style of the PC's BIOS: 16 bytes, of which the cylinders, heads and sectors are not used.</summary>
/// <param name="BootIndicator">0x80 for the partition to boot from, otherwise 0.</param>
/// <param name="Type">The code of the type.</param>
/// <param name="Start">The first sector, relative to the disk, or within an extended partition to one of its tables.</param>
/// <param name="Count">The number of sectors; 0 for an entry that is not used.</param>
internal readonly record struct MbrEntry(byte BootIndicator, byte Type, uint Start, uint Count)
{
    /// <summary>An entry's size, in bytes.</summary>
    public const int Size = 16;

    /// <summary>The type of the entry that protects a GPT from programs that do not know it (UEFI specification, 5.2.3).</summary>
    public const byte Protective = 0xEE;

    /// <summary>Whether it is an extended partition: of DOS, of Windows, or of Linux.</summary>
    public bool IsExtended => Type is 0x05 or 0x0F or 0x85;

    /// <summary>Whether the boot indicator has one of the two values that it can have.</summary>
    public bool HasBootIndicator => BootIndicator is 0 or 0x80;

    /// <summary>Reads an entry.</summary>
    /// <param name="bytes">At least <see cref="Size"/> bytes.</param>
    public static MbrEntry Read(ReadOnlySpan<byte> bytes) => new(
        bytes[0],
        bytes[4],
        BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(8)),
        BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(12)));
}
