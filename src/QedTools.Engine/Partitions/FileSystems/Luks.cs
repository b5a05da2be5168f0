using System;
using System.Buffers.Binary;

namespace QedTools.Partitions.FileSystems;

/// <summary>LUKS, versions 1 and 2 (LUKS On-Disk Format Specification, "PHDR layout"; LUKS2 On-Disk Format Specification, "Binary header").</summary>
internal static class Luks
{
    private static ReadOnlySpan<byte> Magic => [(byte)'L', (byte)'U', (byte)'K', (byte)'S', 0xBA, 0xBE];

    /// <summary>The facts; null if it is something else.</summary>
    public static FileSystemFacts? Recognize(PartitionReader reader)
    {
        if (!reader.TryGet(0, 512, out ReadOnlySpan<byte> header) || !header.StartsWith(Magic))
        {
            return null;
        }

        ushort version = BinaryPrimitives.ReadUInt16BigEndian(header.Slice(6));
        return version is 1 or 2
            ? new FileSystemFacts("LUKS", version == 2 ? StoredText.Utf8(header.Slice(24, 48)) : null, IdOf(header.Slice(168, 40)))
            : null;
    }

    // It is stored as text.
    private static string? IdOf(ReadOnlySpan<byte> field) => StoredText.Utf8(field) is { } id ? PrintableText.InAscii(id) : null;
}
