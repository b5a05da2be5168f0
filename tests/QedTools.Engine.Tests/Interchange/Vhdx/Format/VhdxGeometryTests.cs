using System;
using System.Collections.Generic;
using QedTools.Interchange.Vhdx.Format;
using Xunit;

namespace QedTools.Tests.Interchange.Vhdx.Format;

public sealed class VhdxGeometryTests
{
    private const long TiB = 1L << 40;

    // ChunkRatio = 2^23 * LogicalSectorSize / BlockSize.
    [Theory]
    [InlineData(1 << 20, 512, 4096)]
    [InlineData(32 << 20, 512, 128)]
    [InlineData(256 << 20, 512, 16)]
    [InlineData(1 << 20, 4096, 32768)]
    [InlineData(256 << 20, 4096, 128)]
    public void A_chunk_is_what_one_sector_bitmap_covers(int blockSize, int sectorSize, long ratio) =>
        Assert.Equal(ratio, new VhdxGeometry(1L << 30, blockSize, sectorSize).ChunkRatio);

    [Theory]
    [InlineData(0, 1 << 20, 512, 0, 0, 0)]
    [InlineData(512, 1 << 20, 512, 1, 1, 4097)]
    [InlineData((1 << 20) + 512, 1 << 20, 512, 2, 2, 4097)]
    [InlineData(4L << 30, 1 << 20, 512, 4096, 4096, 4097)]
    [InlineData((4L << 30) + 512, 1 << 20, 512, 4097, 4098, 8194)]
    [InlineData(100L << 30, 32 << 20, 512, 3200, 3224, 3225)]
    [InlineData(64 * TiB, 1 << 20, 512, 67108864, 67125247, 67125248)]
    [InlineData(64 * TiB, 256 << 20, 4096, 262144, 264191, 264192)]
    public void The_table_has_an_entry_for_each_block_and_each_required_bitmap(
        long size, int blockSize, int sectorSize, long blocks, long entries, long entriesWithParent)
    {
        VhdxGeometry geometry = new(size, blockSize, sectorSize);
        Assert.Equal((blocks, entries, entriesWithParent), (geometry.PayloadBlocks, geometry.BatEntries, geometry.BatEntriesWithParent));
    }

    [Theory]
    [InlineData(32 << 20, 512)]
    [InlineData(256 << 20, 512)]
    [InlineData(64 << 20, 4096)]
    public void Each_chunk_of_entries_is_followed_by_the_entry_of_its_bitmap(int blockSize, int sectorSize)
    {
        VhdxGeometry geometry = new(40 * TiB, blockSize, sectorSize);
        List<string> expected = [];
        for (long block = 0; block < 3000; block++)
        {
            expected.Add($"block {block}");
            if ((block + 1) % geometry.ChunkRatio == 0)
            {
                expected.Add($"bitmap {block / geometry.ChunkRatio}");
            }
        }

        for (long block = 0; block < 3000; block++)
        {
            Assert.Equal($"block {block}", expected[(int)geometry.BatIndex(block)]);
            Assert.Equal(geometry.ChunkRatio - (block % geometry.ChunkRatio), geometry.BlocksLeftInChunk(block));
        }

        for (long chunk = 0; chunk < 3000 / geometry.ChunkRatio; chunk++)
        {
            Assert.Equal($"bitmap {chunk}", expected[(int)geometry.SectorBitmapIndex(chunk)]);
        }
    }

    [Fact]
    public void Offsets_and_blocks_convert_into_each_other()
    {
        VhdxGeometry geometry = new((10L << 20) + 1536, 1 << 20, 512);
        Assert.Equal(11, geometry.PayloadBlocks);
        Assert.Equal((10, 1535), (geometry.BlockAt((10 << 20) + 1535), geometry.OffsetInBlock((10 << 20) + 1535)));
        Assert.Equal(10 << 20, geometry.BlockStart(10));
        Assert.Equal((1 << 20, 1536), (geometry.ShownBytes(9), geometry.ShownBytes(10)));
        Assert.Equal((1, 2, 2), (geometry.SectorsCovering(0, 512), geometry.SectorsCovering(0, 513), geometry.SectorsCovering(511, 2)));
        Assert.Equal((3 * 512, (3 * 512) - 100), (geometry.ReachOf(0, 3), geometry.ReachOf(612, 3)));
        Assert.Equal(0, new VhdxGeometry(8L << 30, 1 << 20, 512).SectorInChunk(4L << 30));
        Assert.Equal(1, new VhdxGeometry(64L << 30, 1 << 20, 4096).SectorInChunk((32L << 30) + 4096));
    }

    [Theory]
    [InlineData(512, true)]
    [InlineData(4096, true)]
    [InlineData(0, false)]
    [InlineData(1024, false)]
    public void There_are_two_sector_sizes(int size, bool isValid)
    {
        Assert.Equal(isValid, VhdxGeometry.IsSectorSize(size));
        if (!isValid)
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => new VhdxGeometry(0, 1 << 20, size));
        }
    }

    [Theory]
    [InlineData(1L << 19, false)]
    [InlineData(1L << 20, true)]
    [InlineData(3L << 20, false)]
    [InlineData(1L << 28, true)]
    [InlineData(1L << 29, false)]
    [InlineData(1L << 32, false)]
    public void Blocks_are_powers_of_two(long size, bool isValid) => Assert.Equal(isValid, VhdxGeometry.IsBlockSize(size));

    [Fact]
    public void A_disk_has_whole_sectors_and_at_most_64_TiB()
    {
        Assert.True(VhdxGeometry.IsVirtualSize(64 * TiB, 4096));
        Assert.False(VhdxGeometry.IsVirtualSize((64 * TiB) + 512, 512));
        Assert.False(VhdxGeometry.IsVirtualSize(512, 4096));
        Assert.False(VhdxGeometry.IsVirtualSize(-512, 512));
        Assert.Throws<ArgumentOutOfRangeException>(() => new VhdxGeometry(100, 1 << 20, 512));
    }
}
