using System;
using System.Buffers.Binary;

namespace QedTools.Partitions;

/// <summary>An entry of a GUID partition table (UEFI specification, 5.3.3).</summary>
/// <param name="Type">The type; empty for an entry that is not used.</param>
/// <param name="Id">The GUID of the partition.</param>
/// <param name="First">The first sector.</param>
/// <param name="Last">The last sector.</param>
/// <param name="Attributes">What it is used for, in bits.</param>
/// <param name="Name">Its name; null if it has none.</param>
internal readonly record struct GptEntry(Guid Type, Guid Id, ulong First, ulong Last, ulong Attributes, string? Name)
{
    /// <summary>The size of an entry, in bytes; larger ones are multiples of it.</summary>
    public const int Size = 128;

    private const ulong LegacyBootable = 4;

    /// <summary>Whether the BIOS is to boot from it.</summary>
    public bool IsBootable => (Attributes & LegacyBootable) != 0;

    /// <summary>Reads an entry.</summary>
    /// <param name="bytes">At least <see cref="Size"/> bytes.</param>
    public static GptEntry Read(ReadOnlySpan<byte> bytes) => new(
        ReadGuid(bytes),
        ReadGuid(bytes.Slice(16)),
        BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(32)),
        BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(40)),
        BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(48)),
        StoredText.Utf16(bytes.Slice(56, 72)));

    /// <summary>Reads a GUID as UEFI stores it: three little-endian numbers and eight bytes.</summary>
    /// <param name="bytes">At least 16 bytes.</param>
    public static Guid ReadGuid(ReadOnlySpan<byte> bytes) => new(bytes.Slice(0, 16).ToArray());
}
