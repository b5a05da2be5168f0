using System;
using System.Buffers.Binary;

namespace QedTools.Partitions.FileSystems;

/// <summary>Linux swap (mkswap(8)): a signature at the end of the first page, of whatever size the machine's pages have.</summary>
internal static class LinuxSwap
{
    private const int InfoAt = 1024;

    /// <summary>The facts; null if it is something else.</summary>
    public static FileSystemFacts? Recognize(PartitionReader reader)
    {
        for (int page = 4 << 10; page <= 64 << 10; page *= 2)
        {
            if (!reader.TryGet((ulong)page - 10, 10, out ReadOnlySpan<byte> signature))
            {
                return null;
            }

            if (signature.SequenceEqual("SWAP-SPACE"u8))
            {
                return new FileSystemFacts("swap");
            }

            // Version 1 and the last page, in the byte order of the machine.
            if (signature.SequenceEqual("SWAPSPACE2"u8)
                && reader.TryGet(InfoAt, 44, out ReadOnlySpan<byte> info)
                && (BinaryPrimitives.ReadUInt32LittleEndian(info) == 1 || BinaryPrimitives.ReadUInt32BigEndian(info) == 1)
                && BinaryPrimitives.ReadUInt32LittleEndian(info.Slice(4)) != 0)
            {
                return new FileSystemFacts("swap", StoredText.Utf8(info.Slice(28, 16)), StoredText.Uuid(info.Slice(12)));
            }
        }

        return null;
    }
}
