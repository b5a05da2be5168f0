using System;
using System.Collections.Generic;
using System.Linq;
using QedTools.Disks;
using QedTools.Interchange.Raw;
using QedTools.Interchange.Vhdx;
using QedTools.Tests.DataPlane;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interchange.Vhdx;

/// <summary>The contents of a VHDX file's blocks, alone and over a parent.</summary>
public sealed class VhdxDiskTests
{
    private const int MiB = 1 << 20;

    private static readonly Dictionary<string, string> Locator = new()
    {
        ["parent_linkage"] = "{83ed0ec3-24c8-49a6-a959-5e4bf1288bfb}",
        ["relative_path"] = @".\parent.vhdx",
    };

    [Theory]
    [InlineData(0, QedExtentState.Unallocated)]
    [InlineData(1, QedExtentState.Zero)]
    [InlineData(2, QedExtentState.Zero)]
    [InlineData(3, QedExtentState.Zero)]
    [InlineData(5, QedExtentState.Zero)]
    public void A_block_that_is_not_present_is_zeroes(ulong state, QedExtentState expected)
    {
        VhdxSketch sketch = new(3 * MiB);
        sketch.Put(0, DiskBytes.Random(1, MiB));
        sketch.SetEntry(1, state | (77UL << 20)); // its offset, if there is one, has no meaning
        IDisk disk = Open(sketch);

        Assert.Equal(expected, disk.ExtentAt(MiB, 2 * MiB).State);
        Assert.All(DiskBytes.Read(disk, MiB, MiB), value => Assert.Equal(0, value));
    }

    [Theory]
    [InlineData(4, "0x4", "0, 1, 2, 3 or 6 in its")]
    [InlineData(7, "0x7", "0, 1, 2, 3 or 6 in its")]
    [InlineData(6, "0x6", "outside the header section")]
    [InlineData(6 | (1UL << 20), "0x100006", "outside the log")]
    [InlineData(6 | (2UL << 20), "0x200006", "outside the metadata region")]
    [InlineData(6 | (3UL << 20), "0x300006", "outside the BAT region")]
    [InlineData(6 | (4UL << 20), "0x400006", "inside the file's 4194304")]
    [InlineData(6 | (1UL << 63), "0x8000000000000006", "inside the file's 4194304")]
    [InlineData(0xFFFFFFFFFFF00006, "0xfffffffffff00006", "inside the file's 4194304")]
    public void An_invalid_entry_is_reported_when_it_is_used_and_not_before(ulong entry, string value, string allowed)
    {
        VhdxSketch sketch = new(10 * MiB);
        sketch.SetEntry(7, entry);
        IDisk disk = Open(sketch);

        Assert.Equal(new DiskExtent(0, 7 * MiB, QedExtentState.Unallocated, 0, 0), disk.ExtentAt(0, 10 * MiB));
        DiskBytes.Read(disk, 0, 7 * MiB);
        foreach (Action use in new Action[] { () => DiskBytes.Read(disk, 6 * MiB, 2 * MiB), () => disk.ExtentAt(7 * MiB, 1) })
        {
            QedDamagedFileException error = Assert.Throws<QedDamagedFileException>(use);
            Assert.Contains($"the BAT entry of block 7 is {value}, but must be", error.Message, StringComparison.Ordinal);
            Assert.Contains(allowed, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_last_block_is_needed_only_up_to_the_end_of_the_disk()
    {
        VhdxSketch sketch = new(MiB + 1024);
        long place = sketch.Put(1, DiskBytes.Random(1, 1024));
        sketch.Storage.SetLength(place + 1024);
        Assert.Equal(DiskBytes.Random(1, 1024), DiskBytes.Read(Open(sketch), MiB, 1024));
        sketch.Storage.SetLength(place + 1023);
        QedDamagedFileException error = Assert.Throws<QedDamagedFileException>(() => DiskBytes.Read(Open(sketch), MiB, 1024));
        Assert.Contains("1024 bytes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Blocks_that_are_adjacent_in_the_file_are_one_extent_and_others_are_not()
    {
        VhdxSketch sketch = new(8 * MiB);
        long first = sketch.Put(0, DiskBytes.Random(1, MiB));
        sketch.Put(1, DiskBytes.Random(2, MiB));
        sketch.Put(3, DiskBytes.Random(3, MiB));
        sketch.Put(2, DiskBytes.Random(4, MiB));
        sketch.SetEntry(5, 2);
        sketch.SetEntry(6, 2);
        IDisk disk = Open(sketch);

        Assert.Equal(
            [
                new DiskExtent(0, 2 * MiB, QedExtentState.Data, first, 0),
                new DiskExtent(2 * MiB, MiB, QedExtentState.Data, first + (3 * MiB), 0),
                new DiskExtent(3 * MiB, MiB, QedExtentState.Data, first + (2 * MiB), 0),
                new DiskExtent(4 * MiB, MiB, QedExtentState.Unallocated, 0, 0),
                new DiskExtent(5 * MiB, 2 * MiB, QedExtentState.Zero, 0, 0),
                new DiskExtent(7 * MiB, MiB, QedExtentState.Unallocated, 0, 0),
            ],
            DiskBytes.Extents(disk));
        Assert.Equal([.. DiskBytes.Random(1, MiB), .. DiskBytes.Random(2, MiB), .. DiskBytes.Random(4, MiB), .. DiskBytes.Random(3, MiB), .. new byte[4 * MiB]], DiskBytes.Read(disk, 0, 8 * MiB));
    }

    [Fact]
    public void A_hole_in_the_host_file_inside_a_block_is_zeroes_without_data()
    {
        VhdxSketch sketch = new(2 * MiB);
        long place = sketch.Put(0, DiskBytes.Random(1, 8192), at: 65536);
        sketch.Put(1, []);
        IDisk disk = Open(sketch);

        Assert.Equal(
            [
                new DiskExtent(0, 65536, QedExtentState.Zero, 0, 0),
                new DiskExtent(65536, 8192, QedExtentState.Data, place + 65536, 0),
                new DiskExtent(73728, (2 * MiB) - 73728, QedExtentState.Zero, 0, 0),
            ],
            DiskBytes.Extents(disk));
    }

    [Fact]
    public void Entries_of_sector_bitmaps_are_between_those_of_blocks_and_mean_nothing_without_a_parent()
    {
        // 4 GiB per chunk. QEMU up to 7.2 leaves arbitrary values in the bitmap entries of dynamic files.
        VhdxSketch sketch = new((8L << 30) + MiB);
        sketch.Put(4095, DiskBytes.Random(1, MiB));
        sketch.Put(4096, DiskBytes.Random(2, MiB));
        sketch.Put(8192, DiskBytes.Random(3, MiB));
        sketch.Write64(sketch.BitmapEntryOffset(0), ulong.MaxValue);
        IDisk disk = Open(sketch);

        Assert.Equal([.. DiskBytes.Random(1, MiB), .. DiskBytes.Random(2, MiB)], DiskBytes.Read(disk, 4095L * MiB, 2 * MiB));
        Assert.Equal(DiskBytes.Random(3, MiB), DiskBytes.Read(disk, 8L << 30, MiB));
        Assert.Equal([0, 4095L * MiB, 4097L * MiB, 8L << 30], DiskBytes.Extents(disk).Select(extent => extent.Start));
    }

    [Fact]
    public void Over_a_parent_blocks_that_are_not_present_come_from_the_parent_and_zero_blocks_do_not()
    {
        VhdxSketch sketch = new(6 * MiB, parent: Locator);
        long place = sketch.Put(1, DiskBytes.Random(1, MiB));
        sketch.SetEntry(2, 2);
        sketch.SetEntry(3, 1);
        IDisk parent = Raw(DiskBytes.Random(9, (4 * MiB) + 4096));
        IDisk disk = Open(sketch, parent);

        Assert.Equal(
            [.. DiskBytes.Random(9, MiB), .. DiskBytes.Random(1, MiB), .. new byte[2 * MiB], .. DiskBytes.Random(9, (4 * MiB) + 4096)[(4 * MiB)..], .. new byte[(2 * MiB) - 4096]],
            DiskBytes.Read(disk, 0, 6 * MiB));
        Assert.Equal(
            [
                new DiskExtent(0, MiB, QedExtentState.Data, 0, 1),
                new DiskExtent(MiB, MiB, QedExtentState.Data, place, 0),
                new DiskExtent(2 * MiB, 2 * MiB, QedExtentState.Zero, 0, 0),
                new DiskExtent(4 * MiB, 4096, QedExtentState.Data, 4 * MiB, 1),
                new DiskExtent((4 * MiB) + 4096, (2 * MiB) - 4096, QedExtentState.Unallocated, 0, 0),
            ],
            DiskBytes.Extents(disk));
    }

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public void In_a_partially_present_block_each_sector_comes_from_the_file_or_the_parent(int sectorSize)
    {
        VhdxSketch sketch = new(4 * MiB, blockSize: 2 * MiB, sectorSize, Locator);
        long sectors = 2 * MiB / sectorSize;
        long place = sketch.Put(1, DiskBytes.Random(1, 2 * MiB), state: 7);
        sketch.PutBitmap(0, (sectors, 1), (sectors + 3, 21), ((2 * sectors) - 1, 1));
        byte[] below = DiskBytes.Random(9, 4 * MiB);
        IDisk disk = Open(sketch, Raw(below));

        byte[] expected = [.. below];
        foreach ((long sector, long count) in new[] { (0L, 1L), (3, 21), (sectors - 1, 1) })
        {
            DiskBytes.Random(1, 2 * MiB).AsSpan((int)sector * sectorSize, (int)count * sectorSize).CopyTo(expected.AsSpan((2 * MiB) + ((int)sector * sectorSize)));
        }

        Assert.Equal(expected, DiskBytes.Read(disk, 0, 4 * MiB));
        for (int offset = (2 * MiB) - 700; offset < (2 * MiB) + (30 * sectorSize); offset += 331)
        {
            Assert.Equal(expected[offset..(offset + 5000)], DiskBytes.Read(disk, offset, 5000));
        }

        Assert.Equal(
            [
                new DiskExtent(0, 2 * MiB, QedExtentState.Data, 0, 1),
                new DiskExtent(2 * MiB, sectorSize, QedExtentState.Data, place, 0),
                new DiskExtent((2 * MiB) + sectorSize, 2 * sectorSize, QedExtentState.Data, (2 * MiB) + sectorSize, 1),
                new DiskExtent((2 * MiB) + (3 * sectorSize), 21 * sectorSize, QedExtentState.Data, place + (3 * sectorSize), 0),
                new DiskExtent((2 * MiB) + (24 * sectorSize), (2 * MiB) - (25 * sectorSize), QedExtentState.Data, (2 * MiB) + (24 * sectorSize), 1),
                new DiskExtent((4 * MiB) - sectorSize, sectorSize, QedExtentState.Data, place + (2 * MiB) - sectorSize, 0),
            ],
            DiskBytes.Extents(disk));
    }

    [Fact]
    public void Each_chunk_has_its_sector_bitmap_which_is_read_across_pages()
    {
        // Blocks of 256 MiB: 16 per chunk, and 64 KiB of bits for one block.
        const long BlockSize = 256L << 20;
        VhdxSketch sketch = new(36 * BlockSize, (int)BlockSize, sectorSize: 512, Locator);
        sketch.SetEntry(35, (ulong)sketch.Append(BlockSize) | 7);
        long blockInChunk = 35 % 16;
        sketch.PutBitmap(2, ((blockInChunk * BlockSize / 512) + 8, (BlockSize / 512) - 16));
        IDisk disk = Open(sketch);

        Assert.Equal(
            [
                (0, QedExtentState.Unallocated),
                ((35 * BlockSize) + 4096, QedExtentState.Zero), // in the file, but a hole there
                ((36 * BlockSize) - 4096, QedExtentState.Unallocated),
            ],
            DiskBytes.Extents(disk).Select(extent => (extent.Start, extent.State)));
    }

    [Theory]
    [InlineData(0UL, "0x0", "state 6")]
    [InlineData(7UL | (1UL << 40), "0x10000000007", "state 6")]
    [InlineData(6UL, "0x6", "outside the header section")]
    [InlineData(6UL | (1UL << 40), "0x10000000006", "inside the file's")]
    public void A_required_sector_bitmap_must_be_present(ulong entry, string value, string allowed)
    {
        VhdxSketch sketch = new(4 * MiB, parent: Locator);
        sketch.Put(2, [], state: 7);
        sketch.Write64(sketch.BitmapEntryOffset(0), entry);

        QedDamagedFileException error = Assert.Throws<QedDamagedFileException>(() => Open(sketch).ExtentAt(2 * MiB, 1));

        Assert.Contains($"the BAT entry of sector bitmap 0 is {value}", error.Message, StringComparison.Ordinal);
        Assert.Contains(allowed, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_disk_of_size_zero_is_empty()
    {
        IDisk disk = Open(new VhdxSketch(0));
        Assert.Equal(0, disk.Length);
        Assert.Empty(DiskBytes.Extents(disk));
    }

    [Theory]
    [MemberData(nameof(Seeds.Take), 20, MemberType = typeof(Seeds))]
    public void Any_arrangement_of_blocks_reads_like_a_plain_array(int seed)
    {
        Random random = new(seed);
        int sectorSize = random.Next(2) == 0 ? 512 : 4096;
        int blockSize = MiB << random.Next(2);
        int size = random.Next(1, 12 * MiB / sectorSize) * sectorSize;
        bool hasParent = random.Next(3) > 0;
        VhdxSketch sketch = new(size, blockSize, sectorSize, hasParent ? Locator : null);
        byte[] below = hasParent ? DiskBytes.Random(seed, random.Next(1, size + MiB)) : [];
        byte[] expected = new byte[size];
        below.AsSpan(0, Math.Min(size, below.Length)).CopyTo(expected);
        byte[] bits = new byte[MiB];
        bool hasBitmap = false;
        int blocks = (size + blockSize - 1) / blockSize;
        foreach (int block in Enumerable.Range(0, blocks).OrderBy(_ => random.Next()))
        {
            Span<byte> shown = expected.AsSpan(block * blockSize, Math.Min(blockSize, size - (block * blockSize)));
            byte[] data = DiskBytes.Random(seed + block + 1, blockSize);
            switch (random.Next(5))
            {
                case 0:
                    sketch.SetEntry(block, (ulong)random.Next(1, 4));
                    shown.Clear();
                    break;
                case 1 or 2:
                    sketch.Put(block, data);
                    data.AsSpan(0, shown.Length).CopyTo(shown);
                    break;
                case 3 when hasParent:
                    hasBitmap = true;
                    sketch.Put(block, data, state: 7);
                    for (int sector = 0; sector < shown.Length / sectorSize;)
                    {
                        int run = Math.Min(random.Next(1, 50), (shown.Length / sectorSize) - sector);
                        bool isHere = random.Next(2) == 0;
                        for (int i = 0; isHere && i < run; i++, sector++)
                        {
                            int bit = (block * (blockSize / sectorSize)) + sector;
                            bits[bit / 8] |= (byte)(1 << (bit % 8));
                            data.AsSpan(sector * sectorSize, sectorSize).CopyTo(shown[(sector * sectorSize)..]);
                        }

                        sector += isHere ? 0 : run;
                    }

                    break;
                default:
                    break;
            }
        }

        if (hasBitmap)
        {
            sketch.Storage.Write(sketch.PutBitmap(0), bits);
        }

        IDisk disk = Open(sketch, hasParent ? Raw(below) : null);
        Assert.Equal(expected, DiskBytes.Read(disk, 0, size));
        for (int i = 0; i < 50; i++)
        {
            int offset = random.Next(size);
            int length = random.Next(1, Math.Min(size - offset, 2 * MiB) + 1);
            Assert.Equal(expected[offset..(offset + length)], DiskBytes.Read(disk, offset, length));
        }

        byte[] byExtents = new byte[size];
        foreach (DiskExtent extent in DiskBytes.Extents(disk))
        {
            Span<byte> part = byExtents.AsSpan((int)extent.Start, (int)extent.Length);
            if (extent.State == QedExtentState.Data && extent.Depth == 0)
            {
                sketch.Storage.Read(extent.FileOffset, part);
            }
            else if (extent.State == QedExtentState.Data)
            {
                below.AsSpan((int)extent.FileOffset, part.Length).CopyTo(part);
            }
        }

        Assert.Equal(expected, byExtents);
    }

    private static IDisk Open(VhdxSketch sketch, IDisk? backing = null) =>
        VhdxLayer.Open(new ReadOnlyStorage(sketch.Storage)).ToDisk(backing);

    private static RawDisk Raw(byte[] contents)
    {
        MemoryStorage storage = new("parent.raw");
        storage.Write(0, contents);
        return new RawDisk(storage);
    }
}
