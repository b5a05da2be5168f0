using System;
using System.Buffers.Binary;

namespace QedTools.Interchange.Qcow2.Format;

/// <summary>The frame of an extension after the header, in the first cluster ("Header extensions"): type and length, then the data, padded to 8 bytes.</summary>
/// <param name="Type">Which extension it is.</param>
/// <param name="Length">Its data's length, in bytes.</param>
internal readonly record struct HeaderExtension(uint Type, uint Length)
{
    /// <summary>The frame's size, in bytes.</summary>
    public const int FrameBytes = 8;

    /// <summary>No more extensions follow.</summary>
    public const uint End = 0;

    /// <summary>The name of the backing file's format.</summary>
    public const uint BackingFormat = 0xE2792ACA;

    /// <summary>The name of the file that holds the disk's data, if that is another one.</summary>
    public const uint DataFileName = 0x44415441;

    /// <summary>The names of feature bits.</summary>
    public const uint FeatureNames = 0x6803F857;

    /// <summary>How many bytes the extension takes with its frame and padding.</summary>
    public long PaddedBytes => FrameBytes + (((long)Length + 7) / 8 * 8);

    /// <summary>Reads a frame.</summary>
    /// <param name="bytes">8 bytes.</param>
    public static HeaderExtension Parse(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt32BigEndian(bytes), BinaryPrimitives.ReadUInt32BigEndian(bytes.Slice(4)));

    /// <summary>Writes the frame.</summary>
    /// <param name="destination">8 bytes.</param>
    public void WriteTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt32BigEndian(destination, Type);
        BinaryPrimitives.WriteUInt32BigEndian(destination.Slice(4), Length);
    }
}
