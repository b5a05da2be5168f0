using System;
using System.Buffers.Binary;

namespace QedTools.Interchange.Vmdk;

/// <summary>What precedes each grain, table and footer of a stream-optimized extent ("Virtual Disk Format 5.0", "Stream-Optimized Compressed Sparse Extents").</summary>
/// <param name="Value">Before a grain its first sector on the disk (LBA); before anything else its size, in sectors.</param>
/// <param name="DataSize">How many bytes of compressed data follow; 0 before anything but a grain.</param>
/// <param name="Type">What follows, if it is not a grain; for a grain, the data begins in its place.</param>
internal readonly record struct VmdkMarker(ulong Value, uint DataSize, uint Type)
{
    /// <summary>How many bytes precede a grain's data.</summary>
    public const int GrainHeaderSize = 12;

    /// <summary>The type of the last marker of a file.</summary>
    public const uint EndOfStream = 0;

    /// <summary>The type of the marker before a grain table.</summary>
    public const uint GrainTable = 1;

    /// <summary>The type of the marker before the grain directory.</summary>
    public const uint GrainDirectory = 2;

    /// <summary>The type of the marker before a footer.</summary>
    public const uint Footer = 3;

    private const int TypeAt = 12;

    /// <summary>Reads a marker.</summary>
    /// <param name="bytes">At least 16 bytes, or the 12 that precede a grain's data: the type is then 0.</param>
    public static VmdkMarker Parse(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadUInt64LittleEndian(bytes),
        BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(8)),
        bytes.Length > TypeAt ? BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(TypeAt)) : 0);

    /// <summary>Writes what lies before a grain's data.</summary>
    /// <param name="destination">At least 12 bytes.</param>
    /// <param name="firstSector">The grain's first sector on the disk.</param>
    /// <param name="dataSize">How many bytes of data follow.</param>
    public static void WriteGrainHeader(Span<byte> destination, ulong firstSector, uint dataSize)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(destination, firstSector);
        BinaryPrimitives.WriteUInt32LittleEndian(destination.Slice(8), dataSize);
    }

    /// <summary>Writes the marker of anything but a grain.</summary>
    /// <param name="destination">512 bytes, all zero.</param>
    public void WriteTo(Span<byte> destination)
    {
        WriteGrainHeader(destination, Value, DataSize);
        BinaryPrimitives.WriteUInt32LittleEndian(destination.Slice(TypeAt), Type);
    }
}
