using System;
using System.Collections.Generic;
using System.Linq;
using QedTools.Chains;
using QedTools.Disks;
using QedTools.Interchange.Qcow2;
using QedTools.Tests.DataPlane;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interchange.Qcow2;

/// <summary>New qcow2 files, byte by byte and as disks.</summary>
[Collection(nameof(Alone))]
public sealed class Qcow2CreateTests
{
    private const int KiB = 1 << 10;
    private const int MiB = 1 << 20;
    private const long GiB = 1L << 30;
    private const long TiB = 1L << 40;

    private static readonly IDiskFormat Format = DiskFormats.Of(QedDiskFormat.Qcow2);

    [Fact]
    public void A_new_file_is_as_specified()
    {
        MemoryStorage storage = Make(new DiskRequest(5 * MiB) { ClusterSize = 4096 }, disk => disk.Write((2 * MiB) + 5000, [7, 8, 9]));

        Assert.Equal(
            "514649FB00000003" + "0000000000000000" + "00000000" + "0000000C" + "0000000000500000" // version 3, no backing file, 4 KiB, 5 MiB
            + "00000000" + "00000003" + "0000000000001000" // 3 tables, from 4 KiB on
            + "0000000000006000" + "00000001" // the refcount table, one cluster
            + "00000000" + "0000000000000000" // no snapshots
            + "000000000000000000000000000000000000000000000000" // no features
            + "00000004" + "00000068" + "0000000000000000", // 16 bits, 104 bytes, no extensions
            Convert.ToHexString(Bytes(storage, 0, 112)));

        // Tables of 4 KiB are allocated 16 at a time, but this disk has only 3.
        Assert.Equal("800000000000200080000000000030008000000000004000", Convert.ToHexString(Bytes(storage, 4096, 24)));
    }

    [Fact]
    public void Clusters_follow_each_other_in_the_order_of_writing()
    {
        MemoryStorage storage = Make(new DiskRequest(2 * GiB), disk =>
        {
            disk.Write(7 * 65536, DiskBytes.Random(1, 3 * 65536));
            disk.Write(GiB + 100, [1, 2, 3]);
            disk.Write(65536 - 2, [4, 5, 6, 7]);
        });

        // Header, L1 table, the first L2 table, 3 data clusters, the third L2 table, 3 data clusters, the refcounts.
        Assert.Equal((10 + 2) * 65536, storage.Length);
        Assert.Equal("80000000000200000000000000000000" + "80000000000600000000000000000000", Convert.ToHexString(Bytes(storage, 65536, 32)));
        Assert.Equal(
            "8000000000080000" + "8000000000090000" + "00000000000000000000000000000000" + "00000000000000000000000000000000" + "0000000000000000"
            + "8000000000030000" + "8000000000040000" + "8000000000050000" + "0000000000000000",
            Convert.ToHexString(Bytes(storage, 2 * 65536, 88)));
        Assert.Equal(DiskBytes.Random(1, 3 * 65536), Bytes(storage, 3 * 65536, 3 * 65536));
        Assert.Equal([1, 2, 3], Bytes(storage, (7 * 65536) + 100, 3));
        Assert.Equal([4, 5], Bytes(storage, (9 * 65536) - 2, 2));
        Assert.Equal([6, 7], Bytes(storage, 9 * 65536, 2));
        Qcow2Refcounts.AssertRight(storage);
    }

    [Fact]
    public void Tables_too_large_for_the_cache_are_complete_whatever_the_order_of_writing()
    {
        // 64 GiB of L2 tables and 8 MiB of L1 table, of which 14 and 2 MiB are cached: each write uses another table, far from the one
        // before.
        const int Count = 3000;
        const long Size = 512 * TiB;
        long Offset(int i) => (i * 7919L % Count) * (Size / Count / MiB) * MiB;
        long before = 0;
        MemoryStorage storage = Make(new DiskRequest(Size), disk =>
        {
            before = GC.GetTotalMemory(forceFullCollection: true);
            for (int i = 0; i < Count; i++)
            {
                disk.Write(Offset(i), BitConverter.GetBytes(i + 1));
            }

            for (int i = 0; i < Count; i++)
            {
                Assert.Equal(i + 1, BitConverter.ToInt32(DiskBytes.Read(disk, Offset(i), 4)));
            }

            // The test's own file keeps at most 3 pages of 4 KiB for each write. Garbage of earlier tests may be collected in the meantime.
            Assert.InRange(GC.GetTotalMemory(forceFullCollection: true), 0, before + (24 << 20) + (3L * 4500 * Count));
        });

        IDisk disk = Qcow2Layer.Open(new ReadOnlyStorage(storage)).ToDisk(backing: null);
        Assert.All(Enumerable.Range(0, Count), i => Assert.Equal(i + 1, BitConverter.ToInt32(DiskBytes.Read(disk, Offset(i), 4))));
    }

    [Fact]
    public void A_finished_file_accepts_no_more_writes()
    {
        MemoryStorage storage = new("new.qcow2");
        IDiskLayer layer = Format.Resolve(storage.Path, new DiskRequest(MiB)).Create(storage);
        IDisk disk = layer.ToDisk(backing: null);
        disk.Write(0, [1, 2, 3]);
        layer.EndWriting();
        long length = storage.Length;
        layer.EndWriting();

        Assert.Equal(length, storage.Length);
        Assert.False(disk.CanWrite);
        Assert.Throws<InvalidOperationException>(() => disk.Write(0, [1]));
        Assert.Equal([1, 2, 3], DiskBytes.Read(disk, 0, 3));
    }

    [Fact]
    public void Defaults_are_those_of_QEMU()
    {
        NewDisk disk = Format.Resolve("new.qcow2", new DiskRequest(1));
        Assert.Equal(512, disk.VirtualSize);
        Assert.Equal(65536, disk.Create(new MemoryStorage("new.qcow2")).AllocationUnit);
    }

    public static TheoryData<string> Impossible { get; } = [.. ImpossibleDisks.Keys];

    private static Dictionary<string, (DiskRequest Request, string Parameter, string Allowed)> ImpossibleDisks => new()
    {
        ["no size"] = (new DiskRequest(-1), "-1 bytes", "0 bytes to"),
        ["clusters of 256 bytes"] = (new DiskRequest(MiB) { ClusterSize = 256 }, "ClusterSize 256", "512 to 2MB (2097152)"),
        ["clusters of 4 MiB"] = (new DiskRequest(MiB) { ClusterSize = 4 * MiB }, "ClusterSize 4194304", "power of two"),
        ["clusters of 3 KiB"] = (new DiskRequest(MiB) { ClusterSize = 3 * KiB }, "ClusterSize 3072", "power of two"),
        ["clusters of 4 GiB"] = (new DiskRequest(MiB) { ClusterSize = 4 * GiB }, "ClusterSize 4294967296", "power of two"),
        ["121 GiB in clusters of 512 bytes"] = (new DiskRequest(121 * GiB) { ClusterSize = 512 }, "SizeBytes 129922760704", "larger ones allow more"),
        ["tables"] = (new DiskRequest(MiB) { TableSize = 4 }, "TableSize 4", "qcow2"),
        ["blocks"] = (new DiskRequest(MiB) { BlockSize = MiB }, "BlockSize 1048576", "qcow2"),
        ["sectors"] = (new DiskRequest(MiB) { SectorSize = 512 }, "SectorSize 512", "qcow2"),
        ["a fixed size"] = (new DiskRequest(MiB) { IsFixed = true }, "IsFixed True", "qcow2"),
        ["a backing file with a long name"] = (
            new DiskRequest(MiB) { ClusterSize = 512, Backing = new BackingReference(new string('n', 400), IsRaw: true) }, new string('n', 400), "first cluster of 512 bytes"),
    };

    [Theory]
    [MemberData(nameof(Impossible))]
    public void A_qcow2_disk_is_refused_with(string what)
    {
        (DiskRequest request, string parameter, string allowed) = ImpossibleDisks[what];
        QedRequestException error = Assert.ThrowsAny<QedRequestException>(() => Format.Resolve("new.qcow2", request));
        Assert.Contains(parameter.Split(' ')[0], $"{error.Parameter} {error.Value}", StringComparison.Ordinal);
        Assert.Contains(allowed, $"{error.Message} {error.Allowed}", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(512, 120 * GiB)]
    [InlineData(64 * KiB, 1024 * TiB)]
    [InlineData(2 * MiB, 1024 * TiB)]
    public void The_largest_disks_take_little_space(int clusterSize, long size)
    {
        MemoryStorage storage = Make(new DiskRequest(size) { ClusterSize = clusterSize }, disk => disk.Write(size - 512, [1]));

        // For 30 MiB of L1 table in clusters of 512 bytes, the refcounts take 120 KiB.
        Assert.InRange(storage.AllocatedBytes, 1, 200_000);
        IDisk disk = Qcow2Layer.Open(storage).ToDisk(backing: null);
        Assert.Equal([0, 1, 0], DiskBytes.Read(disk, size - 513, 3));
        Assert.Equal(size, DiskBytes.Extents(disk).Sum(extent => extent.Length));
    }

    [Theory]
    [InlineData("raw", null)]
    [InlineData("qcow2", QedDiskFormat.Qcow2)]
    [InlineData("qed", QedDiskFormat.Qed)]
    [InlineData("vhdx", QedDiskFormat.Vhdx)]
    [InlineData("vpc", QedDiskFormat.Vhd)]
    [InlineData("vdi", QedDiskFormat.Vdi)]
    [InlineData("vmdk", QedDiskFormat.Vmdk)]
    public void The_backing_file_is_named_with_its_format(string name, QedDiskFormat? kind)
    {
        BackingReference backing = new("Größe 基底.img", IsRaw: kind is null) { Format = kind };
        MemoryStorage storage = Make(new DiskRequest(MiB) { ClusterSize = 512, Backing = backing });

        Assert.Equal(backing, Qcow2Layer.Open(storage).Backing);
        byte[] extension = Bytes(storage, 104, 24);
        Assert.Equal(["E2", "79", "2A", "CA", "00", "00", "00", name.Length.ToString("X2", System.Globalization.CultureInfo.InvariantCulture)], extension[..8].Select(value => value.ToString("X2", System.Globalization.CultureInfo.InvariantCulture)));
        Assert.Equal(name, System.Text.Encoding.ASCII.GetString(extension, 8, name.Length));
        Assert.Equal(new byte[16 - name.Length], extension[(8 + name.Length)..]);
        Qcow2Refcounts.AssertRight(storage);
    }

    [Fact]
    public void Whole_clusters_of_zeroes_over_a_backing_file_take_no_space()
    {
        IDisk below = Below(DiskBytes.Random(1, 4 * MiB));
        MemoryStorage storage = Make(
            new DiskRequest((4 * MiB) - 512) { Backing = new BackingReference("below.raw", IsRaw: true) }, disk => disk.Zero(MiB, disk.Length - MiB), below);

        Assert.Equal((3 + 2) * 65536, storage.Length);
        IDisk disk = Qcow2Layer.Open(storage).ToDisk(below);
        Assert.Equal([(1L * MiB, 1, QedExtentState.Data), ((3L * MiB) - 512, 0, QedExtentState.Zero)], DiskBytes.Extents(disk).Select(extent => (extent.Length, extent.Depth, extent.State)));
    }

    private static IDisk Below(byte[] data)
    {
        MemoryStorage storage = new("below.raw");
        storage.Write(0, data);
        return DiskFormats.Raw.Open(storage).ToDisk(backing: null);
    }

    private static MemoryStorage Make(DiskRequest request, Action<IDisk>? write = null, IDisk? backing = null)
    {
        MemoryStorage storage = new("new.qcow2");
        IDiskLayer layer = Format.Resolve(storage.Path, request).Create(storage);
        IDisk disk = layer.ToDisk(backing);
        Assert.True(disk.CanWrite);
        write?.Invoke(disk);
        layer.EndWriting();
        return storage;
    }

    private static byte[] Bytes(MemoryStorage storage, long offset, int length)
    {
        byte[] bytes = new byte[length];
        Assert.Equal(length, storage.Read(offset, bytes));
        return bytes;
    }
}
