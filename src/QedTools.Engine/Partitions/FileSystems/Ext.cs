using System;
using System.Buffers.Binary;

namespace QedTools.Partitions.FileSystems;

/// <summary>ext2, ext3 and ext4 (Documentation/filesystems/ext4/super.rst of Linux). Which of them it is, its features say.</summary>
internal static class Ext
{
    private const int SuperblockAt = 1024;
    private const int SuperblockSize = 1024;
    private const ushort Magic = 0xEF53;
    private const uint HasJournal = 0x4;
    private const uint JournalDevice = 0x8;
    private const uint Is64Bit = 0x80;

    // What Linux's own ext2 and ext3 knew: filetype, and meta_bg; ext3 also needs_recovery.
    private const uint IncompatOfExt2 = 0x2 | 0x10;
    private const uint IncompatOfExt3 = IncompatOfExt2 | 0x4;

    // sparse_super, large_file, btree_dir.
    private const uint RoCompatOfExt3 = 0x1 | 0x2 | 0x4;
    private const uint MaxLogBlockSize = 6;

    /// <summary>The facts; null if it is none of them.</summary>
    public static FileSystemFacts? Recognize(PartitionReader reader)
    {
        if (!reader.TryGet(SuperblockAt, SuperblockSize, out ReadOnlySpan<byte> block)
            || BinaryPrimitives.ReadUInt16LittleEndian(block.Slice(0x38)) != Magic)
        {
            return null;
        }

        uint compat = BinaryPrimitives.ReadUInt32LittleEndian(block.Slice(0x5C));
        uint incompat = BinaryPrimitives.ReadUInt32LittleEndian(block.Slice(0x60));
        uint roCompat = BinaryPrimitives.ReadUInt32LittleEndian(block.Slice(0x64));
        if ((incompat & JournalDevice) != 0)
        {
            return null;
        }

        string name = (incompat & ~IncompatOfExt3) != 0 || (roCompat & ~RoCompatOfExt3) != 0 ? "ext4"
            : (compat & HasJournal) != 0 ? "ext3"
            : (incompat & ~IncompatOfExt2) == 0 ? "ext2" : "ext4";
        return new FileSystemFacts(name, StoredText.Utf8(block.Slice(0x78, 16)), StoredText.Uuid(block.Slice(0x68)), Used(block, incompat));
    }

    private static long? Used(ReadOnlySpan<byte> block, uint incompat)
    {
        uint logBlockSize = BinaryPrimitives.ReadUInt32LittleEndian(block.Slice(0x18));
        ulong total = BinaryPrimitives.ReadUInt32LittleEndian(block.Slice(0x4));
        ulong free = BinaryPrimitives.ReadUInt32LittleEndian(block.Slice(0xC));
        if ((incompat & Is64Bit) != 0)
        {
            total |= (ulong)BinaryPrimitives.ReadUInt32LittleEndian(block.Slice(0x150)) << 32;
            free |= (ulong)BinaryPrimitives.ReadUInt32LittleEndian(block.Slice(0x158)) << 32;
        }

        return logBlockSize > MaxLogBlockSize ? null : FileSystemFacts.Used(total, free, 1024UL << (int)logBlockSize);
    }
}
