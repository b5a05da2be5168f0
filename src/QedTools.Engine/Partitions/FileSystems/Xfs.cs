using System;
using System.Buffers.Binary;

namespace QedTools.Partitions.FileSystems;

/// <summary>XFS (XFS Algorithms and Data Structures, "Superblocks"); big-endian.</summary>
internal static class Xfs
{
    private const uint Magic = 0x58465342; // "XFSB"

    /// <summary>The facts; null if it is something else.</summary>
    public static FileSystemFacts? Recognize(PartitionReader reader)
    {
        if (!reader.TryGet(0, 512, out ReadOnlySpan<byte> block)
            || BinaryPrimitives.ReadUInt32BigEndian(block) != Magic
            || !IsPossible(block))
        {
            return null;
        }

        long? used = FileSystemFacts.Used(
            BinaryPrimitives.ReadUInt64BigEndian(block.Slice(8)),
            BinaryPrimitives.ReadUInt64BigEndian(block.Slice(144)),
            BinaryPrimitives.ReadUInt32BigEndian(block.Slice(4)));
        return new FileSystemFacts("XFS", StoredText.Utf8(block.Slice(108, 12)), StoredText.Uuid(block.Slice(32)), used);
    }

    // The sizes are stored twice, as a number and as its logarithm.
    private static bool IsPossible(ReadOnlySpan<byte> block) =>
        IsPower(BinaryPrimitives.ReadUInt32BigEndian(block.Slice(4)), block[120], 9, 16)
        && IsPower(BinaryPrimitives.ReadUInt16BigEndian(block.Slice(102)), block[121], 9, 15)
        && IsPower(BinaryPrimitives.ReadUInt16BigEndian(block.Slice(104)), block[122], 8, 11)
        && BinaryPrimitives.ReadUInt32BigEndian(block.Slice(88)) != 0
        && BinaryPrimitives.ReadUInt64BigEndian(block.Slice(8)) != 0;

    private static bool IsPower(uint value, byte logarithm, int min, int max) => logarithm >= min && logarithm <= max && value == 1u << logarithm;
}
