using System;
using System.Buffers.Binary;
using System.Globalization;

namespace QedTools.Partitions.FileSystems;

/// <summary>ReFS, by its boot sector.</summary>
internal static class ReFs
{
    /// <summary>The facts; null if it is something else.</summary>
    public static FileSystemFacts? Recognize(PartitionReader reader)
    {
        if (!reader.TryGet(0, 512, out ReadOnlySpan<byte> boot) || !boot.StartsWith("\0\0\0ReFS\0"u8) || !boot.Slice(16).StartsWith("FSRS"u8))
        {
            return null;
        }

        ulong serial = BinaryPrimitives.ReadUInt64LittleEndian(boot.Slice(56));
        return new FileSystemFacts("ReFS", Id: serial == 0 ? null : serial.ToString("X16", CultureInfo.InvariantCulture));
    }
}
