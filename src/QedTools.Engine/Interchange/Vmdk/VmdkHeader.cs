using System;
using System.Buffers.Binary;

namespace QedTools.Interchange.Vmdk;

/// <summary>The first sector of a hosted sparse extent ("Virtual Disk Format 5.0", "Hosted Sparse Extents"; little-endian).</summary>
/// <param name="Version">1 to 3.</param>
/// <param name="Flags">What the extent uses.</param>
/// <param name="Capacity">The disk's size, in sectors.</param>
/// <param name="GrainSize">A grain's size, in sectors.</param>
/// <param name="DescriptorOffset">Where the embedded descriptor is, in sectors; 0 if there is none.</param>
/// <param name="DescriptorSize">How much space it has, in sectors.</param>
/// <param name="EntriesPerTable">How many entries a grain table has.</param>
/// <param name="RedundantDirectoryOffset">Where the second grain directory is, in sectors.</param>
/// <param name="DirectoryOffset">Where the grain directory is, in sectors; <see cref="DirectoryAtEnd"/> if the footer says it.</param>
/// <param name="Overhead">How much of the file comes before the first grain, in sectors.</param>
/// <param name="IsUnclean">Whether a program that wrote to it did not close it.</param>
/// <param name="CompressAlgorithm">0 for none, <see cref="Deflate"/>.</param>
internal readonly record struct VmdkHeader(
    uint Version,
    VmdkFlags Flags,
    ulong Capacity,
    ulong GrainSize,
    ulong DescriptorOffset,
    ulong DescriptorSize,
    uint EntriesPerTable,
    ulong RedundantDirectoryOffset,
    ulong DirectoryOffset,
    ulong Overhead,
    bool IsUnclean,
    ushort CompressAlgorithm)
{
    /// <summary>The header's size, in bytes.</summary>
    public const int Size = 512;

    /// <summary>The <see cref="DirectoryOffset"/> of a file that was written in one go: the footer says where the directory is.</summary>
    public const ulong DirectoryAtEnd = ulong.MaxValue;

    /// <summary>The <see cref="CompressAlgorithm"/> of compressed grains.</summary>
    public const ushort Deflate = 1;

    private const int LineEndsAt = 73;

    private static ReadOnlySpan<byte> Magic => "KDMV"u8;

    // Shows whether the file was transferred as text.
    private static ReadOnlySpan<byte> LineEnds => "\n \r\n"u8;

    /// <summary>Whether a file begins with a sparse extent.</summary>
    public static bool HasMagic(ReadOnlySpan<byte> start) => start.StartsWith(Magic);

    /// <summary>Whether the characters that a transfer as text changes are as they were written.</summary>
    /// <param name="bytes">512 bytes.</param>
    public static bool HasLineEnds(ReadOnlySpan<byte> bytes) => bytes.Slice(LineEndsAt, LineEnds.Length).SequenceEqual(LineEnds);

    /// <summary>Reads the fields without validating them.</summary>
    /// <param name="bytes">512 bytes.</param>
    public static VmdkHeader Parse(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(4)),
        (VmdkFlags)BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(8)),
        BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(12)),
        BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(20)),
        BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(28)),
        BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(36)),
        BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(44)),
        BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(48)),
        BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(56)),
        BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(64)),
        bytes[72] != 0,
        BinaryPrimitives.ReadUInt16LittleEndian(bytes.Slice(77)));

    /// <summary>Writes the header.</summary>
    /// <param name="destination">512 bytes, all zero.</param>
    public void WriteTo(Span<byte> destination)
    {
        Magic.CopyTo(destination);
        BinaryPrimitives.WriteUInt32LittleEndian(destination.Slice(4), Version);
        BinaryPrimitives.WriteUInt32LittleEndian(destination.Slice(8), (uint)Flags);
        BinaryPrimitives.WriteUInt64LittleEndian(destination.Slice(12), Capacity);
        BinaryPrimitives.WriteUInt64LittleEndian(destination.Slice(20), GrainSize);
        BinaryPrimitives.WriteUInt64LittleEndian(destination.Slice(28), DescriptorOffset);
        BinaryPrimitives.WriteUInt64LittleEndian(destination.Slice(36), DescriptorSize);
        BinaryPrimitives.WriteUInt32LittleEndian(destination.Slice(44), EntriesPerTable);
        BinaryPrimitives.WriteUInt64LittleEndian(destination.Slice(48), RedundantDirectoryOffset);
        BinaryPrimitives.WriteUInt64LittleEndian(destination.Slice(56), DirectoryOffset);
        BinaryPrimitives.WriteUInt64LittleEndian(destination.Slice(64), Overhead);
        destination[72] = IsUnclean ? (byte)1 : (byte)0;
        LineEnds.CopyTo(destination.Slice(LineEndsAt));
        BinaryPrimitives.WriteUInt16LittleEndian(destination.Slice(77), CompressAlgorithm);
    }
}
