using System;
using System.Buffers.Binary;

namespace QedTools.Interchange.Vhdx.Format;

/// <summary>Where one region is in the file ([MS-VHDX], 2.2.3.2).</summary>
/// <param name="Guid">Which region it is.</param>
/// <param name="FileOffset">Where it begins in the file, in bytes.</param>
/// <param name="Length">Its length, in bytes.</param>
/// <param name="IsRequired">Whether a program that does not know the region must not open the file.</param>
internal readonly record struct RegionTableEntry(Guid Guid, ulong FileOffset, uint Length, bool IsRequired)
{
    /// <summary>An entry's size, in bytes.</summary>
    public const int Size = 32;

    /// <summary>The region that holds the block allocation table.</summary>
    public static readonly Guid Bat = new("2DC27766-F623-4200-9D64-115E9BFD4A08");

    /// <summary>The region that holds the metadata.</summary>
    public static readonly Guid Metadata = new("8B7CA206-4790-4B9A-B8FE-575F050F886E");

    /// <summary>Reads an entry.</summary>
    /// <param name="bytes">At least 32 bytes.</param>
    public static RegionTableEntry Parse(ReadOnlySpan<byte> bytes) => new(
        GuidBytes.Read(bytes),
        BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(16)),
        BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(24)),
        (BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(28)) & 1) != 0);

    /// <summary>Writes the entry.</summary>
    /// <param name="destination">At least 32 bytes.</param>
    public void WriteTo(Span<byte> destination)
    {
        GuidBytes.Write(Guid, destination);
        BinaryPrimitives.WriteUInt64LittleEndian(destination.Slice(16), FileOffset);
        BinaryPrimitives.WriteUInt32LittleEndian(destination.Slice(24), Length);
        BinaryPrimitives.WriteUInt32LittleEndian(destination.Slice(28), IsRequired ? 1u : 0);
    }
}
