using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using QedTools.Chains;
using QedTools.Disks;
using QedTools.Interchange.Vhdx;
using QedTools.Tests.DataPlane;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interchange.Vhdx;

/// <summary>New VHDX files, byte by byte and as disks.</summary>
public sealed class VhdxCreateTests
{
    private const int MiB = 1 << 20;
    private const long GiB = 1L << 30;
    private const long TiB = 1L << 40;

    private static readonly IDiskFormat Format = DiskFormats.Of(QedDiskFormat.Vhdx);

    [Fact]
    public void A_new_file_begins_as_the_specification_says()
    {
        MemoryStorage storage = Make(new DiskRequest(100 * MiB) { BlockSize = 2 * MiB, SectorSize = 4096 });

        Assert.Equal("vhdxfile"u8.ToArray(), Bytes(storage, 0, 8));
        Assert.Equal("Q\0e\0d\0T\0o\0o\0l\0s\0\0\0"u8.ToArray(), Bytes(storage, 8, 18));
        byte[] first = Bytes(storage, VhdxSketch.FirstHeader, 4096);
        byte[] second = Bytes(storage, VhdxSketch.SecondHeader, 4096);
        foreach ((byte[] header, byte number) in new[] { (first, (byte)1), (second, (byte)2) })
        {
            Assert.Equal("head"u8.ToArray(), header[..4]);
            Assert.Equal(VhdxSketch.ChecksumOf(header), BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(4)));
            Assert.Equal([number, 0, 0, 0, 0, 0, 0, 0], header[8..16]);
            Assert.Equal(first[16..48], header[16..48]);
            Assert.Equal(new byte[16], header[48..64]); // no log
            Assert.Equal([0, 0, 1, 0, 0, 0, 0x10, 0, 0, 0, 0x10, 0, 0, 0, 0, 0], header[64..80]); // version 1, 1 MiB of log at 1 MiB
            Assert.DoesNotContain(header[80..], value => value != 0);
        }

        Assert.NotEqual(new byte[16], first[16..32]);
        Assert.NotEqual(new byte[16], first[32..48]);
        byte[] table = VhdxSketch.RegionTableOf((VhdxSketch.BatRegion, 3 * MiB, MiB, 1), (VhdxSketch.MetadataRegion, 2 * MiB, MiB, 1));
        Assert.Equal(table, Bytes(storage, VhdxSketch.FirstRegionTable, 65536));
        Assert.Equal(table, Bytes(storage, VhdxSketch.SecondRegionTable, 65536));
        Assert.DoesNotContain(Bytes(storage, 320 << 10, (2 * MiB) - (320 << 10)), value => value != 0);

        byte[] metadata = Bytes(storage, 2 * MiB, 65536 + 40);
        Assert.Equal(
            "6D65746164617461" + "0000" + "0500" + "0000000000000000000000000000000000000000"
            + "3767A1CA36FA434DB3B633F0AA44E76B" + "00000100" + "08000000" + "04000000" + "00000000"
            + "2442A52F1BCD7648B2115DBED83BF4B8" + "08000100" + "08000000" + "06000000" + "00000000"
            + "AB12CABEE6B2234593EFC309E000C746" + "10000100" + "10000000" + "06000000" + "00000000"
            + "1DBF41816FA90947BA47F233A8FAAB5F" + "20000100" + "04000000" + "06000000" + "00000000"
            + "C748A3CD5D4471449CC9E9885251C556" + "24000100" + "04000000" + "06000000" + "00000000",
            Convert.ToHexString(metadata, 0, 192));
        Assert.Equal("0000200000000000" + "0000400600000000", Convert.ToHexString(metadata, 65536, 16)); // 2 MiB per block, dynamic; 100 MiB
        Assert.Equal("00100000" + "00100000", Convert.ToHexString(metadata, 65536 + 32, 8)); // sectors of 4096 bytes, logical and physical
        Assert.NotEqual(new byte[16], metadata[(65536 + 16)..(65536 + 32)]);
        Assert.Equal(4 * MiB, storage.Length);
        Assert.DoesNotContain(Bytes(storage, 3 * MiB, MiB), value => value != 0);
    }

    [Fact]
    public void A_fixed_file_has_all_blocks_in_order_from_the_start()
    {
        MemoryStorage storage = Make(new DiskRequest((5 * MiB) + 512) { BlockSize = 2 * MiB, IsFixed = true });

        Assert.Equal("0000200001000000", Convert.ToHexString(Bytes(storage, (2 * MiB) + 65536, 8)));
        Assert.Equal("0600400000000000" + "0600600000000000" + "0600800000000000" + "0000000000000000", Convert.ToHexString(Bytes(storage, 3 * MiB, 32)));
        Assert.Equal(10 * MiB, storage.Length);
        Assert.InRange(storage.AllocatedBytes, 1, 65536);
    }

    [Fact]
    public void Blocks_follow_each_other_in_the_order_of_writing()
    {
        MemoryStorage storage = Make(new DiskRequest(100 * MiB) { BlockSize = MiB }, disk =>
        {
            disk.Write(7 * MiB, [1, 2, 3]);
            disk.Write((50L * MiB) - 2, [4, 5, 6, 7]);
        });

        Assert.Equal(0x400006UL, Entry(storage, 7));
        Assert.Equal(0x500006UL, Entry(storage, 49));
        Assert.Equal(0x600006UL, Entry(storage, 50));
        Assert.Equal(3, Enumerable.Range(0, 101).Count(block => Entry(storage, block) != 0));
        Assert.Equal(7 * MiB, storage.Length);
        Assert.Equal([1, 2, 3], Bytes(storage, 4 * MiB, 3));
        Assert.Equal([4, 5], Bytes(storage, (6 * MiB) - 2, 2));
        Assert.Equal([6, 7], Bytes(storage, 6 * MiB, 2));
    }

    [Fact]
    public void The_entry_of_a_block_after_a_chunk_follows_the_entry_of_the_sector_bitmap()
    {
        MemoryStorage storage = Make(new DiskRequest(10 * GiB) { BlockSize = MiB }, disk => disk.Write(4 * GiB, [1]));

        Assert.Equal(0UL, Entry(storage, 4096));
        Assert.Equal(0x400006UL, Entry(storage, 4097));
    }

    [Theory]
    [InlineData(100 * MiB, 32 * MiB, 1)]
    [InlineData(64 * TiB, 256 * MiB, 3)]
    [InlineData(64 * TiB, MiB, 513)]
    public void The_table_is_as_long_as_the_disk_needs(long size, int blockSize, int mebibytes)
    {
        MemoryStorage storage = Make(new DiskRequest(size) { BlockSize = blockSize }, disk => disk.Write(size - 512, [1]));

        Assert.Equal((3L + mebibytes) * MiB, storage.Length - blockSize);
        Assert.InRange(storage.AllocatedBytes, 1, 300_000);
        IDisk disk = VhdxLayer.Open(storage).ToDisk(backing: null);
        Assert.Equal([0, 1, 0], DiskBytes.Read(disk, size - 513, 3));
    }

    [Fact]
    public void Tables_too_large_for_the_cache_are_complete_whatever_the_order_of_writing()
    {
        // 512 MiB of table, of which 16 MiB are cached: each write goes to another page, far from the one before.
        const int Count = 3000;
        long Offset(int i) => (i * 7919L % Count) * (64 * TiB / Count / MiB) * MiB;
        MemoryStorage storage = Make(new DiskRequest(64 * TiB) { BlockSize = MiB }, disk =>
        {
            for (int i = 0; i < Count; i++)
            {
                disk.Write(Offset(i), BitConverter.GetBytes(i + 1));
            }

            for (int i = 0; i < Count; i++)
            {
                Assert.Equal(i + 1, BitConverter.ToInt32(DiskBytes.Read(disk, Offset(i), 4)));
            }
        });

        IDisk disk = VhdxLayer.Open(new ReadOnlyStorage(storage)).ToDisk(backing: null);
        Assert.All(Enumerable.Range(0, Count), i => Assert.Equal(i + 1, BitConverter.ToInt32(DiskBytes.Read(disk, Offset(i), 4))));
        Assert.Equal(514L * MiB + (3 + Count) * (long)MiB - MiB, storage.Length);
    }

    [Fact]
    public void Each_file_has_its_own_identity()
    {
        MemoryStorage one = Make(new DiskRequest(MiB));
        MemoryStorage two = Make(new DiskRequest(MiB));
        Assert.NotEqual(VhdxLayer.Open(one).ContentId, VhdxLayer.Open(two).ContentId);
    }

    [Fact]
    public void Defaults_are_those_of_Hyper_V()
    {
        NewDisk disk = Format.Resolve("new.vhdx", new DiskRequest(1));
        Assert.Equal((512L, 512), (disk.VirtualSize, disk.SectorSize));
        Assert.Equal(32 * MiB, disk.Create(new MemoryStorage("new.vhdx")).AllocationUnit);

        // Hyper-V does not open a file that Windows marks as sparse.
        Assert.True(Format.RefusesSparseFiles);
        Assert.False(DiskFormats.Qed.RefusesSparseFiles);
    }

    [Theory]
    [InlineData(1, 512, 512)]
    [InlineData(513, 512, 1024)]
    [InlineData(513, 4096, 4096)]
    [InlineData(4096, 4096, 4096)]
    [InlineData((64 * TiB) - 1, 4096, 64 * TiB)]
    public void The_size_is_rounded_up_to_whole_sectors(long wanted, int sectorSize, long size) =>
        Assert.Equal(size, Format.Resolve("new.vhdx", new DiskRequest(wanted) { SectorSize = sectorSize }).VirtualSize);

    public static TheoryData<string> Impossible { get; } = [.. ImpossibleDisks.Keys];

    private static Dictionary<string, (DiskRequest Request, string Parameter, string Allowed)> ImpossibleDisks => new()
    {
        ["no size"] = (new DiskRequest(0), "The source is empty", "64 TiB"),
        ["over 64 TiB"] = (new DiskRequest((64 * TiB) + 512), "70368744178176 bytes", "64 TiB"),
        ["blocks of 512 KiB"] = (new DiskRequest(MiB) { BlockSize = 1 << 19 }, "BlockSize 524288", "1MB (1048576) to 256MB"),
        ["blocks of 512 MiB"] = (new DiskRequest(MiB) { BlockSize = 1 << 29 }, "BlockSize 536870912", "power of two"),
        ["blocks of 3 MiB"] = (new DiskRequest(MiB) { BlockSize = 3 << 20 }, "BlockSize 3145728", "power of two"),
        ["blocks of 4 GiB"] = (new DiskRequest(MiB) { BlockSize = 4 * GiB }, "BlockSize 4294967296", "power of two"),
        ["sectors of 1024"] = (new DiskRequest(MiB) { SectorSize = 1024 }, "SectorSize 1024", "512 or 4096"),
        ["clusters"] = (new DiskRequest(MiB) { ClusterSize = 65536 }, "ClusterSize 65536", "VHDX"),
        ["tables"] = (new DiskRequest(MiB) { TableSize = 4 }, "TableSize 4", "VHDX"),
    };

    [Theory]
    [MemberData(nameof(Impossible))]
    public void A_VHDX_disk_is_refused_with(string what)
    {
        (DiskRequest request, string parameter, string allowed) = ImpossibleDisks[what];
        QedRequestException error = Assert.ThrowsAny<QedRequestException>(() => Format.Resolve("new.vhdx", request));
        Assert.Contains(parameter, $"{error.Parameter} {error.Value} {error.Message}", StringComparison.Ordinal);
        Assert.Contains(allowed, error.Message, StringComparison.Ordinal);
    }

    private static MemoryStorage Make(DiskRequest request, Action<IDisk>? write = null)
    {
        MemoryStorage storage = new("new.vhdx");
        IDiskLayer layer = Format.Resolve(storage.Path, request).Create(storage);
        IDisk disk = layer.ToDisk(backing: null);
        Assert.True(disk.CanWrite);
        write?.Invoke(disk);
        layer.EndWriting();
        return storage;
    }

    private static ulong Entry(MemoryStorage storage, int index) => BitConverter.ToUInt64(Bytes(storage, (3 * MiB) + (8 * index), 8));

    private static byte[] Bytes(MemoryStorage storage, long offset, int length)
    {
        byte[] bytes = new byte[length];
        Assert.Equal(length, storage.Read(offset, bytes));
        return bytes;
    }
}
