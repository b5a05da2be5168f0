using System;
using QedTools.Disks;

namespace QedTools.Interchange.Vdi;

/// <summary>The arithmetic of a VDI file's blocks.</summary>
/// <param name="BlockSize">A block's size, in bytes.</param>
/// <param name="DataOffset">Where the first block is in the file, in bytes.</param>
internal readonly record struct VdiBlocks(int BlockSize, long DataOffset)
{
    /// <summary>The block size of new files, and the only one that QEMU reads, in bytes.</summary>
    public const int DefaultBlockSize = 1 << 20;

    /// <summary>The largest disk, in bytes: what QEMU reads.</summary>
    public const long MaxVirtualSize = 0x1FFFFF80L * DefaultBlockSize;

    /// <summary>The entry of a block that is not there: it reads from the parent, or as zeroes without one.</summary>
    public const uint Free = uint.MaxValue;

    /// <summary>The entry of a block of zeroes that is not there.</summary>
    public const uint Zero = uint.MaxValue - 1;

    private const int MaxBlockSize = 256 << 20;

    /// <summary>Whether blocks can have a size, in bytes.</summary>
    public static bool IsBlockSize(uint size) => size is >= 4096 and <= MaxBlockSize && PowerOfTwo.Is(size);

    /// <summary>Where the first block of a new file begins, in bytes.</summary>
    /// <param name="mapEnd">Where the block map ends, in bytes.</param>
    public static long DataOffsetAfter(long mapEnd) => (mapEnd + DefaultBlockSize - 1) / DefaultBlockSize * DefaultBlockSize;

    /// <summary>How many blocks a disk has.</summary>
    /// <param name="virtualSize">Its size, in bytes.</param>
    public long CountFor(long virtualSize) => virtualSize == 0 ? 0 : ((virtualSize - 1) / BlockSize) + 1;

    /// <summary>The block that holds an offset on the disk.</summary>
    public long IndexOf(long offset) => offset / BlockSize;

    /// <summary>Where in its block an offset on the disk is, in bytes.</summary>
    public int OffsetIn(long offset) => (int)(offset % BlockSize);

    /// <summary>How much of a range is in the block in which it begins, in bytes.</summary>
    public long LengthIn(long offset, long length) => Math.Min(length, BlockSize - OffsetIn(offset));

    /// <summary>Where a block is in the file, in bytes.</summary>
    /// <param name="entry">Its entry.</param>
    public long FileOffset(uint entry) => DataOffset + ((long)entry * BlockSize);
}
