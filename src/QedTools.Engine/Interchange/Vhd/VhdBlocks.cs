using System;
using QedTools.Disks;

namespace QedTools.Interchange.Vhd;

/// <summary>The arithmetic of blocks: a bitmap with a bit for each sector, then the sectors (VHD 1.0, "Block Allocation Table and Data Blocks").</summary>
/// <param name="BlockSize">A block's size without its bitmap, in bytes: a power of two from 512 bytes to 1 GiB.</param>
internal readonly record struct VhdBlocks(int BlockSize)
{
    /// <summary>The block size of new files.</summary>
    public const int DefaultBlockSize = 2 << 20;

    /// <summary>The other block size that Hyper-V uses.</summary>
    public const int SmallBlockSize = 512 << 10;

    /// <summary>The largest disk, in bytes: what Hyper-V allows.</summary>
    public const long MaxVirtualSize = 2040L << 30;

    /// <summary>An entry of a block that is not there.</summary>
    public const uint Unused = uint.MaxValue;

    private const int MaxBlockSize = 1 << 30;

    /// <summary>The bitmap's size, in bytes: whole sectors.</summary>
    public int BitmapBytes => (int)Sector.RoundUp(Math.Max(1, BlockSize / Sector.Size / 8));

    /// <summary>Whether blocks can have a size, in bytes.</summary>
    public static bool IsBlockSize(long size) => size is >= Sector.Size and <= MaxBlockSize && PowerOfTwo.Is(size);

    /// <summary>How many blocks a disk has.</summary>
    /// <param name="virtualSize">Its size, in bytes.</param>
    public long CountFor(long virtualSize) => (virtualSize / BlockSize) + (virtualSize % BlockSize == 0 ? 0 : 1);

    /// <summary>How many entries a new file's table has: whole sectors of them.</summary>
    /// <param name="virtualSize">The disk's size, in bytes.</param>
    public long EntriesFor(long virtualSize)
    {
        const int PerSector = Sector.Size / sizeof(uint);
        return (CountFor(virtualSize) + PerSector - 1) / PerSector * PerSector;
    }

    /// <summary>The block that holds an offset on the disk.</summary>
    public long IndexOf(long offset) => offset / BlockSize;

    /// <summary>Where in its block an offset on the disk is, in bytes.</summary>
    public int OffsetIn(long offset) => (int)(offset % BlockSize);

    /// <summary>Where a block's data is in the file, in bytes.</summary>
    /// <param name="entry">Its entry: where its bitmap is, in sectors.</param>
    public long DataOffset(uint entry) => ((long)entry * Sector.Size) + BitmapBytes;

    /// <summary>The entry of a new block.</summary>
    /// <param name="end">Where the file ends so far, in bytes.</param>
    /// <param name="alignment">Its data begins at a multiple of this, in bytes.</param>
    public uint EntryAfter(long end, int alignment) => checked((uint)((RoundUp(end + BitmapBytes, alignment) - BitmapBytes) / Sector.Size));

    /// <summary>Where a number of new blocks end, in bytes.</summary>
    /// <param name="start">Where the first of them may begin, in bytes.</param>
    /// <param name="count">How many.</param>
    /// <param name="alignment">The data of each begins at a multiple of this, in bytes.</param>
    public long EndOf(long start, long count, int alignment)
    {
        if (count == 0)
        {
            return start;
        }

        long first = DataOffset(EntryAfter(start, alignment)) + BlockSize;
        return first + ((count - 1) * (RoundUp(first + BitmapBytes, alignment) + BlockSize - first));
    }

    /// <summary>The alignment of the data of new blocks, in bytes: only a sector if the last block of a full disk would otherwise be too far for its entry.</summary>
    /// <param name="virtualSize">The disk's size, in bytes.</param>
    /// <param name="start">Where the first block may begin, in bytes.</param>
    public int AlignmentFor(long virtualSize, long start)
    {
        const long Reach = (long)Unused * Sector.Size;
        long room = (Reach - start) / RoundUp(BlockSize + BitmapBytes, HostPage.Size);
        return CountFor(virtualSize) < room ? HostPage.Size : Sector.Size;
    }

    private static long RoundUp(long bytes, int unit) => (bytes + unit - 1) / unit * unit;
}
