using System;
using System.Buffers.Binary;

namespace QedTools.Interchange.Vhdx.Format;

/// <summary>Where one metadata item is in the metadata region ([MS-VHDX], 2.6.1.2).</summary>
/// <param name="ItemId">Which item it is.</param>
/// <param name="Offset">Where it begins in the region, in bytes; 0 if it is empty.</param>
/// <param name="Length">Its length, in bytes.</param>
/// <param name="Flags">What kind of item it is.</param>
internal readonly record struct MetadataTableEntry(Guid ItemId, uint Offset, uint Length, MetadataItemFlags Flags)
{
    /// <summary>An entry's size, in bytes.</summary>
    public const int Size = 32;

    /// <summary>File Parameters: the block size and two flags (2.6.2.1).</summary>
    public static readonly Guid FileParameters = new("CAA16737-FA36-4D43-B3B6-33F0AA44E76B");

    /// <summary>Virtual Disk Size (2.6.2.2).</summary>
    public static readonly Guid VirtualDiskSize = new("2FA54224-CD1B-4876-B211-5DBED83BF4B8");

    /// <summary>Virtual Disk ID (2.6.2.3).</summary>
    public static readonly Guid VirtualDiskId = new("BECA12AB-B2E6-4523-93EF-C309E000C746");

    /// <summary>Logical Sector Size (2.6.2.4).</summary>
    public static readonly Guid LogicalSectorSize = new("8141BF1D-A96F-4709-BA47-F233A8FAAB5F");

    /// <summary>Physical Sector Size (2.6.2.5).</summary>
    public static readonly Guid PhysicalSectorSize = new("CDA348C7-445D-4471-9CC9-E9885251C556");

    /// <summary>Parent Locator (2.6.2.6).</summary>
    public static readonly Guid ParentLocator = new("A8D35F2D-B30B-454D-ABF7-D3D84834AB0C");

    /// <summary>Reads an entry.</summary>
    /// <param name="bytes">At least 32 bytes.</param>
    public static MetadataTableEntry Parse(ReadOnlySpan<byte> bytes) => new(
        GuidBytes.Read(bytes),
        BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(16)),
        BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(20)),
        (MetadataItemFlags)BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(24)));

    /// <summary>Writes the entry.</summary>
    /// <param name="destination">At least 32 bytes, all zero.</param>
    public void WriteTo(Span<byte> destination)
    {
        GuidBytes.Write(ItemId, destination);
        BinaryPrimitives.WriteUInt32LittleEndian(destination.Slice(16), Offset);
        BinaryPrimitives.WriteUInt32LittleEndian(destination.Slice(20), Length);
        BinaryPrimitives.WriteUInt32LittleEndian(destination.Slice(24), (uint)Flags);
    }
}
