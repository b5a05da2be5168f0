using System;
using System.Buffers.Binary;

namespace QedTools.Interchange.Vhdx.Format;

/// <summary>GUIDs as they are on disk: three little-endian numbers and eight bytes.</summary>
internal static class GuidBytes
{
    /// <summary>A GUID's size, in bytes.</summary>
    public const int Size = 16;

    /// <summary>Reads a GUID.</summary>
    /// <param name="bytes">At least 16 bytes.</param>
    public static Guid Read(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadInt32LittleEndian(bytes),
        BinaryPrimitives.ReadInt16LittleEndian(bytes.Slice(4)),
        BinaryPrimitives.ReadInt16LittleEndian(bytes.Slice(6)),
        bytes[8], bytes[9], bytes[10], bytes[11], bytes[12], bytes[13], bytes[14], bytes[15]);

    /// <summary>Writes a GUID.</summary>
    /// <param name="guid">The GUID.</param>
    /// <param name="destination">At least 16 bytes.</param>
    public static void Write(Guid guid, Span<byte> destination) => guid.ToByteArray().CopyTo(destination);
}
