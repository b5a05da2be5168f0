using System;
using System.Buffers.Binary;

namespace QedTools.Interchange.Vdi;

/// <summary>The first 512 bytes of a VDI file of version 1.1, as VirtualBox and QEMU define them (little-endian).</summary>
/// <param name="Version">0x00010001.</param>
/// <param name="ImageType">How the disk is stored.</param>
/// <param name="MapOffset">Where the block map is, in bytes.</param>
/// <param name="DataOffset">Where the first block is, in bytes.</param>
/// <param name="SectorSize">512.</param>
/// <param name="DiskSize">The disk's size, in bytes.</param>
/// <param name="BlockSize">A block's size, in bytes, without <paramref name="BlockExtra"/>.</param>
/// <param name="BlockExtra">How many bytes precede each block's data; 0.</param>
/// <param name="Blocks">How many blocks the disk has.</param>
/// <param name="AllocatedBlocks">How many of them are in the file.</param>
/// <param name="ImageId">Identifies the file (uuidCreate).</param>
/// <param name="ParentId">The <paramref name="ImageId"/> of the parent file (uuidLinkage); all zeroes if there is none.</param>
internal readonly record struct VdiHeader(
    uint Version,
    VdiImageType ImageType,
    uint MapOffset,
    uint DataOffset,
    uint SectorSize,
    ulong DiskSize,
    uint BlockSize,
    uint BlockExtra,
    uint Blocks,
    uint AllocatedBlocks,
    Guid ImageId,
    Guid ParentId)
{
    /// <summary>The header's size with the text before it, in bytes.</summary>
    public const int Size = 512;

    /// <summary>The version that is read and written.</summary>
    public const uint KnownVersion = 0x00010001;

    private const uint Signature = 0xBEDA107F;
    private const int SignatureAt = 0x40;
    private const uint HeaderSize = 400;

    private static ReadOnlySpan<byte> Text => "<<< QedTools VDI Disk Image >>>\n"u8;

    /// <summary>Whether a file that begins like this is one.</summary>
    public static bool HasSignature(ReadOnlySpan<byte> start) =>
        start.Length >= SignatureAt + sizeof(uint) && BinaryPrimitives.ReadUInt32LittleEndian(start.Slice(SignatureAt)) == Signature;

    /// <summary>Reads the fields without validating them.</summary>
    /// <param name="bytes">512 bytes.</param>
    public static VdiHeader Parse(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(0x44)),
        (VdiImageType)BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(0x4C)),
        BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(0x154)),
        BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(0x158)),
        BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(0x168)),
        BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(0x170)),
        BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(0x178)),
        BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(0x17C)),
        BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(0x180)),
        BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(0x184)),
        new Guid(bytes.Slice(0x188, 16).ToArray()),
        new Guid(bytes.Slice(0x1A8, 16).ToArray()));

    /// <summary>Writes the header.</summary>
    /// <param name="destination">512 bytes, all zero.</param>
    public void WriteTo(Span<byte> destination)
    {
        Text.CopyTo(destination);
        BinaryPrimitives.WriteUInt32LittleEndian(destination.Slice(SignatureAt), Signature);
        BinaryPrimitives.WriteUInt32LittleEndian(destination.Slice(0x44), Version);
        BinaryPrimitives.WriteUInt32LittleEndian(destination.Slice(0x48), HeaderSize);
        BinaryPrimitives.WriteUInt32LittleEndian(destination.Slice(0x4C), (uint)ImageType);
        BinaryPrimitives.WriteUInt32LittleEndian(destination.Slice(0x154), MapOffset);
        BinaryPrimitives.WriteUInt32LittleEndian(destination.Slice(0x158), DataOffset);
        BinaryPrimitives.WriteUInt32LittleEndian(destination.Slice(0x168), SectorSize);
        BinaryPrimitives.WriteUInt64LittleEndian(destination.Slice(0x170), DiskSize);
        BinaryPrimitives.WriteUInt32LittleEndian(destination.Slice(0x178), BlockSize);
        BinaryPrimitives.WriteUInt32LittleEndian(destination.Slice(0x17C), BlockExtra);
        BinaryPrimitives.WriteUInt32LittleEndian(destination.Slice(0x180), Blocks);
        BinaryPrimitives.WriteUInt32LittleEndian(destination.Slice(0x184), AllocatedBlocks);
        ImageId.ToByteArray().CopyTo(destination.Slice(0x188));
        Guid.NewGuid().ToByteArray().CopyTo(destination.Slice(0x198));
        ParentId.ToByteArray().CopyTo(destination.Slice(0x1A8));
    }
}
