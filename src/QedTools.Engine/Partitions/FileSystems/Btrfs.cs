using System;
using System.Buffers.Binary;

namespace QedTools.Partitions.FileSystems;

/// <summary>btrfs (btrfs documentation, "On-disk format", superblock).</summary>
internal static class Btrfs
{
    private const ulong Magic = 0x4D5F53665248425F; // "_BHRfS_M"

    /// <summary>The facts; null if it is something else.</summary>
    public static FileSystemFacts? Recognize(PartitionReader reader)
    {
        if (!reader.TryGet(64 << 10, 4096, out ReadOnlySpan<byte> block)
            || BinaryPrimitives.ReadUInt64LittleEndian(block.Slice(0x40)) != Magic)
        {
            return null;
        }

        // The count is that of all devices of the file system together.
        bool isAlone = BinaryPrimitives.ReadUInt64LittleEndian(block.Slice(0x88)) == 1;
        ulong total = BinaryPrimitives.ReadUInt64LittleEndian(block.Slice(0x70));
        ulong used = BinaryPrimitives.ReadUInt64LittleEndian(block.Slice(0x78));
        return new FileSystemFacts(
            "btrfs",
            StoredText.Utf8(block.Slice(0x12B, 256)),
            StoredText.Uuid(block.Slice(0x20)),
            isAlone && used <= total ? FileSystemFacts.Used(used, 0, 1) : null);
    }
}
