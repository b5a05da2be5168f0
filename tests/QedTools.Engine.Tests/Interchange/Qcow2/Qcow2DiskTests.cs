using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using QedTools.Disks;
using QedTools.Interchange.Qcow2;
using QedTools.Tests.DataPlane;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interchange.Qcow2;

/// <summary>Files built by hand and read as disks.</summary>
public sealed class Qcow2DiskTests
{
    private const int KiB = 1 << 10;
    private const int MiB = 1 << 20;

    // Compressible data.
    internal static byte[] Text(int seed, int length)
    {
        Random random = new(seed);
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++)
        {
            bytes[i] = (byte)"qcow"[random.Next(4)];
        }

        return bytes;
    }

    [Fact]
    public void An_extent_without_tables_ends_where_the_next_table_begins_from_any_offset()
    {
        // A table of 512 bytes maps 64 clusters of 512 bytes.
        Qcow2Sketch sketch = new(MiB, clusterBits: 9);
        sketch.Put(128, [1, 2, 3]);
        IDisk disk = Qcow2Layer.Open(sketch.Storage).ToDisk(backing: null);
        foreach (int cluster in new[] { 0, 1, 10, 63, 64, 100, 127 })
        {
            DiskExtent extent = disk.ExtentAt(cluster * 512, MiB - (cluster * 512));
            Assert.Equal((QedExtentState.Unallocated, (128 - cluster) * 512L), (extent.State, extent.Length));
            Assert.Equal([1, 2, 3], DiskBytes.Read(disk, cluster * 512, 66048)[((128 - cluster) * 512)..][..3]);
        }
    }

    [Theory]
    [InlineData(2, 9, false)]
    [InlineData(2, 12, false)]
    [InlineData(3, 9, false)]
    [InlineData(3, 10, false)]
    [InlineData(3, 12, false)]
    [InlineData(3, 16, false)]
    [InlineData(3, 17, false)]
    [InlineData(3, 21, false)]
    [InlineData(3, 9, true)]
    [InlineData(3, 12, true)]
    [InlineData(3, 16, true)]
    [InlineData(3, 21, true)]
    public void Every_kind_of_cluster_is_read(uint version, int bits, bool isZstd)
    {
        int size = 1 << bits;
        Qcow2Sketch sketch = new((8L * size) + 512, bits, version);
        if (isZstd)
        {
            sketch.UseZstd();
        }

        long first = sketch.Put(0, DiskBytes.Random(1, size));
        long second = sketch.Put(1, DiskBytes.Random(2, size));
        sketch.PutCompressed(3, Text(3, size), gap: 17);
        sketch.PutCompressed(4, Text(4, size));
        sketch.SetEntry(5, version == 3 ? 1UL : 0);
        sketch.SetEntry(6, version == 3 ? (ulong)first | 1 : 0);
        sketch.Put(8, DiskBytes.Random(8, 512));

        IDisk disk = Qcow2Layer.Open(new ReadOnlyStorage(sketch.Storage)).ToDisk(backing: null);

        byte[] expected =
        [
            .. DiskBytes.Random(1, size), .. DiskBytes.Random(2, size), .. new byte[size], .. Text(3, size), .. Text(4, size), .. new byte[3 * size], .. DiskBytes.Random(8, 512),
        ];
        Assert.Equal(expected.Length, disk.Length);
        Assert.False(disk.CanWrite);
        Assert.True(expected.AsSpan().SequenceEqual(DiskBytes.Read(disk, 0, expected.Length)));
        Random random = new(bits);
        for (int i = 0; i < (bits > 16 ? 8 : 50); i++)
        {
            int offset = random.Next(expected.Length);
            int length = random.Next(1, Math.Min(expected.Length - offset, 3 * size) + 1);
            Assert.True(expected.AsSpan(offset, length).SequenceEqual(DiskBytes.Read(disk, offset, length)), $"{offset}+{length}");
        }

        (long, QedExtentState, long)[] extents =
        [
            .. DiskBytes.Extents(disk).Select(extent => (extent.Start / size, extent.State, extent.State == QedExtentState.Data ? extent.FileOffset : 0)),
        ];
        QedExtentState zero = version == 3 ? QedExtentState.Zero : QedExtentState.Unallocated;
        List<(long, QedExtentState, long)> wanted =
        [
            (0, QedExtentState.Data, first),
            (2, QedExtentState.Unallocated, 0),
            (3, QedExtentState.Data, DiskExtent.Packed),
            (5, zero, 0),
        ];
        Assert.Equal(second, first + size);
        if (version == 3)
        {
            wanted.Add((7, QedExtentState.Unallocated, 0));
        }

        wanted.Add((8, QedExtentState.Data, extents[^1].Item3));
        Assert.Equal(wanted, extents);
    }

    [Fact]
    public void Unallocated_clusters_come_from_the_backing_file_and_zero_clusters_do_not()
    {
        Qcow2Sketch sketch = new(32 * KiB);
        sketch.SetEntry(1, 1);
        sketch.PutCompressed(2, Text(1, 4096));
        Qcow2Sketch below = new(14 * KiB, clusterBits: 9, path: "below.qcow2");
        for (int i = 0; i < 28; i++)
        {
            below.Put(i, DiskBytes.Random(100 + i, 512));
        }

        IDisk disk = Qcow2Layer.Open(sketch.Storage).ToDisk(Qcow2Layer.Open(below.Storage).ToDisk(backing: null));

        byte[] shown = [.. Enumerable.Range(0, 28).SelectMany(i => DiskBytes.Random(100 + i, 512))];
        Assert.Equal(
            [.. shown[..4096], .. new byte[4096], .. Text(1, 4096), .. shown[12288..], .. new byte[18 * KiB]], DiskBytes.Read(disk, 0, 32 * KiB));
        Assert.Equal(
            [(0, 1, QedExtentState.Data), (4096, 0, QedExtentState.Zero), (8192, 0, QedExtentState.Data), (12288, 1, QedExtentState.Data), (14336, 0, QedExtentState.Unallocated)],
            DiskBytes.Extents(disk).Select(extent => (extent.Start, extent.Depth, extent.State)));
    }

    [Fact]
    public void A_compressed_cluster_that_is_read_in_small_steps_is_decompressed_once()
    {
        Qcow2Sketch sketch = new(256 * KiB, clusterBits: 16);
        for (int i = 0; i < 4; i++)
        {
            sketch.PutCompressed(i, Text(i, 64 * KiB));
        }

        MeteredStorage storage = new(sketch.Storage);
        IDisk disk = Qcow2Layer.Open(storage).ToDisk(backing: null);
        disk.Read(0, new byte[1]);
        storage.Reset();
        byte[] buffer = new byte[4 * KiB];
        for (int offset = 4 * KiB; offset < 256 * KiB; offset += buffer.Length)
        {
            disk.Read(offset, buffer);
            Assert.Equal(Text(offset >> 16, 64 * KiB)[(offset & 0xFFFF)..][..buffer.Length], buffer);
        }

        Assert.Equal(3, storage.Reads);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Compressed_clusters_are_read_on_several_threads(bool isZstd)
    {
        Qcow2Sketch sketch = new(40 * 64 * KiB, clusterBits: 16);
        if (isZstd)
        {
            sketch.UseZstd();
        }

        byte[] expected = new byte[40 * 64 * KiB];
        for (int i = 0; i < 40; i++)
        {
            Text(i, 64 * KiB).CopyTo(expected, i * 64 * KiB);
            sketch.PutCompressed(i, Text(i, 64 * KiB), gap: i);
        }

        IDisk disk = Qcow2Layer.Open(sketch.Storage).ToDisk(backing: null);
        Parallel.For(0, 400, i =>
        {
            Random random = new(i);
            int offset = random.Next(expected.Length);
            int length = random.Next(1, Math.Min(expected.Length - offset, 100 * KiB) + 1);
            Assert.True(expected.AsSpan(offset, length).SequenceEqual(DiskBytes.Read(disk, offset, length)));
        });
    }

    [Fact]
    public void The_file_may_end_inside_its_last_cluster_at_the_end_of_the_disk_but_not_before()
    {
        Qcow2Sketch sketch = new((4 * KiB) + 512);
        long place = sketch.Put(1, DiskBytes.Random(1, 4096));
        sketch.Storage.SetLength(place + 512);
        IDisk disk = Qcow2Layer.Open(sketch.Storage).ToDisk(backing: null);
        Assert.Equal(DiskBytes.Random(1, 4096)[..512], DiskBytes.Read(disk, 4096, 512));

        sketch.Storage.SetLength(place + 511);
        QedDamagedFileException error = Assert.Throws<QedDamagedFileException>(
            () => DiskBytes.Read(Qcow2Layer.Open(sketch.Storage).ToDisk(backing: null), 4096, 1));
        Assert.Contains("the L2 entry of cluster 1", error.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string> Damages { get; } = [.. AllDamages.Keys];

    private static Dictionary<string, (Action<Qcow2Sketch> Harm, string Field)> AllDamages => new()
    {
        ["a misaligned table"] = (sketch => sketch.Write64(sketch.L1Offset, 0x3200), "entry 0 of the L1 table"),
        ["a table past the end"] = (sketch => sketch.Write64(sketch.L1Offset, 0x100000), "entry 0 of the L1 table"),
        ["a table far past the end"] = (sketch => sketch.Write64(sketch.L1Offset, 0x00FF_FFFF_FFFF_F000), "entry 0 of the L1 table"),
        ["a table cut off"] = (sketch => sketch.Storage.SetLength(sketch.Storage.Length - 1), "entry 0 of the L1 table"),
        ["a table that is the L1 table"] = (sketch => sketch.Write64(sketch.L1Offset, 0x1000), "entry 0 of the L1 table"),
        ["reserved bits of a table"] = (sketch => sketch.Write64(sketch.L1Offset, sketch.Read64(sketch.L1Offset) | (1UL << 60)), "entry 0 of the L1 table"),
        ["the zero bit of a table"] = (sketch => sketch.Write64(sketch.L1Offset, sketch.Read64(sketch.L1Offset) | 1), "entry 0 of the L1 table"),
        ["a misaligned cluster"] = (sketch => sketch.SetEntry(0, 0x2200), "the L2 entry of cluster 0"),
        ["a cluster past the end"] = (sketch => sketch.SetEntry(0, 0x100000), "the L2 entry of cluster 0"),
        ["a cluster far past the end"] = (sketch => sketch.SetEntry(0, 0x00FF_FFFF_FFFF_F000), "the L2 entry of cluster 0"),
        ["a cluster that is the L1 table"] = (sketch => sketch.SetEntry(0, 0x1000), "the L2 entry of cluster 0"),
        ["reserved bits of a cluster"] = (sketch => sketch.SetEntry(0, 0x2000 | (1UL << 57)), "the L2 entry of cluster 0"),
        ["low reserved bits of a cluster"] = (sketch => sketch.SetEntry(0, 0x2002), "the L2 entry of cluster 0"),
        ["compressed data past the end"] = (sketch => sketch.SetEntry(0, sketch.CompressedEntry(1 << 20, 100)), "the L2 entry of cluster 0"),
        ["compressed data in the header"] = (sketch => sketch.SetEntry(0, sketch.CompressedEntry(20, 100)), "the L2 entry of cluster 0"),
        ["compressed data that is invalid"] = (sketch => sketch.SetEntry(0, sketch.CompressedEntry(PutBytes(sketch, DiskBytes.Random(7, 500)), 500)), "the compressed cluster 0 at"),
        ["compressed data that is cut off"] = (sketch =>
        {
            byte[] packed = Qcow2Sketch.Deflate(DiskBytes.Random(7, 4096));
            sketch.SetEntry(0, sketch.CompressedEntry(PutBytes(sketch, packed), 600));
        }, "the compressed cluster 0 at"),
        ["compressed data that is too short"] = (sketch => sketch.PutCompressed(0, Text(1, 4095)), "the compressed cluster 0 at"),
    };

    [Theory]
    [MemberData(nameof(Damages))]
    public void Damage_is_reported_when_it_is_read(string what)
    {
        (Action<Qcow2Sketch> harm, string field) = AllDamages[what];
        Qcow2Sketch sketch = new(64 * KiB);
        sketch.SetEntry(5, 0);
        harm(sketch);
        IDisk disk = Qcow2Layer.Open(sketch.Storage).ToDisk(backing: null);

        QedDamagedFileException error = Assert.Throws<QedDamagedFileException>(() => DiskBytes.Read(disk, 0, 100));

        Assert.Equal(("qcow2", sketch.Storage.Path), (error.Format, error.Path));
        Assert.StartsWith(field, error.Field, StringComparison.Ordinal);
    }

    [Fact]
    public void Compressed_data_that_goes_on_after_the_cluster_does_no_harm()
    {
        Qcow2Sketch sketch = new(64 * KiB);
        sketch.PutCompressed(0, new byte[50 << 20]);
        sketch.PutCompressed(1, [.. Text(1, 4096), .. Text(2, 100)]);
        IDisk disk = Qcow2Layer.Open(sketch.Storage).ToDisk(backing: null);

        Assert.Equal(new byte[4096], DiskBytes.Read(disk, 0, 4096));
        Assert.Equal(Text(1, 4096), DiskBytes.Read(disk, 4096, 4096));
    }

    [Fact]
    public void Version_2_has_no_zero_clusters()
    {
        Qcow2Sketch sketch = new(64 * KiB, version: 2);
        sketch.SetEntry(0, 1);
        Assert.Throws<QedDamagedFileException>(() => DiskBytes.Read(Qcow2Layer.Open(sketch.Storage).ToDisk(backing: null), 0, 1));
    }

    private static long PutBytes(Qcow2Sketch sketch, byte[] bytes)
    {
        sketch.EntryOffset(0);
        long place = sketch.Storage.Length;
        sketch.Storage.Write(place, bytes);
        return place;
    }
}
