using System;
using QedTools.Disks;

namespace QedTools.Interchange.Vhdx.Format;

/// <summary>The sizes of a VHDX disk and all arithmetic that follows from them ([MS-VHDX], 2.4 and 2.5).</summary>
/// <remarks>Construct with sizes that the <c>Is...</c> methods accept.</remarks>
internal readonly record struct VhdxGeometry
{
    /// <summary>What everything in the file is aligned to, in bytes.</summary>
    public const int Alignment = 1 << 20;

    /// <summary>The smallest block, in bytes.</summary>
    public const int MinBlockSize = 1 << 20;

    /// <summary>The largest block, in bytes.</summary>
    public const int MaxBlockSize = 256 << 20;

    /// <summary>Hyper-V's default block size, in bytes.</summary>
    public const int DefaultBlockSize = 32 << 20;

    /// <summary>Hyper-V's default block size for differencing files, in bytes.</summary>
    public const int DefaultDifferencingBlockSize = 2 << 20;

    /// <summary>Hyper-V's default logical sector size, in bytes.</summary>
    public const int DefaultSectorSize = Sector.Size;

    /// <summary>The largest disk, in bytes: 64 TiB.</summary>
    public const long MaxVirtualSize = 64L << 40;

    /// <summary>The size of a sector bitmap block, in bytes.</summary>
    public const int SectorBitmapBlockSize = 1 << 20;

    private const long SectorsPerChunk = SectorBitmapBlockSize * 8L;

    private readonly int _blockBits;
    private readonly int _sectorBits;

    /// <param name="virtualSize">The disk's size, in bytes.</param>
    /// <param name="blockSize">A payload block's size, in bytes.</param>
    /// <param name="sectorSize">The size of the sectors that the disk shows, in bytes.</param>
    public VhdxGeometry(long virtualSize, int blockSize, int sectorSize)
    {
        if (!IsBlockSize(blockSize))
        {
            throw new ArgumentOutOfRangeException(nameof(blockSize));
        }

        if (!IsSectorSize(sectorSize))
        {
            throw new ArgumentOutOfRangeException(nameof(sectorSize));
        }

        if (!IsVirtualSize(virtualSize, sectorSize))
        {
            throw new ArgumentOutOfRangeException(nameof(virtualSize));
        }

        VirtualSize = virtualSize;
        BlockSize = blockSize;
        SectorSize = sectorSize;
        _blockBits = PowerOfTwo.Log2(blockSize);
        _sectorBits = PowerOfTwo.Log2(sectorSize);
    }

    /// <summary>The disk's size, in bytes.</summary>
    public long VirtualSize { get; }

    /// <summary>A payload block's size, in bytes.</summary>
    public int BlockSize { get; }

    /// <summary>The size of the sectors that the disk shows, in bytes.</summary>
    public int SectorSize { get; }

    /// <summary>How many payload blocks share one sector bitmap block; at least 16.</summary>
    public long ChunkRatio => (SectorsPerChunk << _sectorBits) >> _blockBits;

    /// <summary>How many payload blocks the disk has.</summary>
    public long PayloadBlocks => BlocksCovering(VirtualSize);

    /// <summary>How many entries the block allocation table of a file without a parent has.</summary>
    public long BatEntries => PayloadBlocks == 0 ? 0 : BatIndex(PayloadBlocks - 1) + 1;

    /// <summary>How many entries the block allocation table of a file with a parent has: the last one is a sector bitmap block's.</summary>
    public long BatEntriesWithParent => PayloadBlocks == 0 ? 0 : SectorBitmapIndex(ChunkOf(PayloadBlocks - 1)) + 1;

    /// <summary>Whether the format allows this block size, in bytes.</summary>
    public static bool IsBlockSize(long bytes) => bytes is >= MinBlockSize and <= MaxBlockSize && PowerOfTwo.Is(bytes);

    /// <summary>Whether the format allows this logical sector size, in bytes.</summary>
    public static bool IsSectorSize(long bytes) => bytes is Sector.Size or 4096;

    /// <summary>Whether the format allows this disk size, in bytes.</summary>
    public static bool IsVirtualSize(long bytes, int sectorSize) => bytes is >= 0 and <= MaxVirtualSize && bytes % sectorSize == 0;

    /// <summary>A length rounded up to a multiple of 1 MiB.</summary>
    /// <exception cref="OverflowException">It does not fit into 63 bits.</exception>
    public static long AlignUp(long bytes) => checked(bytes + Alignment - 1) & ~(Alignment - 1L);

    /// <summary>How many payload blocks it takes to cover <paramref name="bytes"/> of the disk.</summary>
    public long BlocksCovering(long bytes) => (bytes >> _blockBits) + ((bytes & (BlockSize - 1)) == 0 ? 0 : 1);

    /// <summary>The payload block that holds the byte at <paramref name="offset"/> of the disk.</summary>
    public long BlockAt(long offset) => offset >> _blockBits;

    /// <summary>Where a payload block begins on the disk, in bytes.</summary>
    public long BlockStart(long block) => block << _blockBits;

    /// <summary>How far into its block an offset on the disk is, in bytes.</summary>
    public int OffsetInBlock(long offset) => (int)(offset & (BlockSize - 1));

    /// <summary>How many bytes of a payload block the disk shows: less than a block only in the last one.</summary>
    public long ShownBytes(long block) => Math.Min(BlockSize, VirtualSize - BlockStart(block));

    /// <summary>The chunk of a payload block: the blocks that share one sector bitmap block.</summary>
    public long ChunkOf(long block) => block / ChunkRatio;

    /// <summary>Where a payload block's entry is in the block allocation table. Each chunk's entries are followed by that of its sector bitmap.</summary>
    public long BatIndex(long block) => block + ChunkOf(block);

    /// <summary>Where a sector bitmap block's entry is in the block allocation table.</summary>
    public long SectorBitmapIndex(long chunk) => ((chunk + 1) * (ChunkRatio + 1)) - 1;

    /// <summary>How many entries of payload blocks are adjacent from one on, before a sector bitmap block's entry.</summary>
    public long BlocksLeftInChunk(long block) => ChunkRatio - (block % ChunkRatio);

    /// <summary>Which bit of its chunk's sector bitmap stands for the sector at an offset on the disk.</summary>
    public int SectorInChunk(long offset) => (int)((offset >> _sectorBits) % SectorsPerChunk);

    /// <summary>How many sectors a range of the disk touches.</summary>
    public long SectorsCovering(long offset, long length) => ((offset + length - 1) >> _sectorBits) - (offset >> _sectorBits) + 1;

    /// <summary>How far a number of sectors extend from an offset inside the first of them, in bytes.</summary>
    public long ReachOf(long offset, long sectors) => (sectors << _sectorBits) - (offset & (SectorSize - 1));
}
