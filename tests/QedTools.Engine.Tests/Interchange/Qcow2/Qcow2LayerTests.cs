using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using QedTools.Disks;
using QedTools.Interchange.Qcow2;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interchange.Qcow2;

/// <summary>The beginning of a file: header, extensions and the name of the backing file.</summary>
public sealed class Qcow2LayerTests
{
    private const int KiB = 1 << 10;

    public static TheoryData<string> Damages { get; } = [.. AllDamages.Keys];

    private static Dictionary<string, (Action<Qcow2Sketch> Harm, string Field)> AllDamages => new()
    {
        ["a wrong magic number"] = (sketch => sketch.Write32(0, 0x51464900), "the start of the file"),
        ["4 bytes"] = (sketch => sketch.Storage.SetLength(4), "the header"),
        ["71 bytes"] = (sketch => sketch.Storage.SetLength(71), "the header"),
        ["103 bytes"] = (sketch => sketch.Storage.SetLength(103), "the header"),
        ["clusters of 256 bytes"] = (sketch => sketch.Write32(20, 8), "cluster_bits"),
        ["clusters of 4 MiB"] = (sketch => sketch.Write32(20, 22), "cluster_bits"),
        ["clusters of 8 KiB with subclusters"] = (sketch =>
        {
            sketch.Write32(20, 13);
            sketch.Write64(72, 16);
        }, "cluster_bits"),
        ["a data file name that is too long"] = (sketch =>
        {
            sketch.Write32(20, 14);
            sketch.Write32(104, 0x44415441);
            sketch.Write32(108, 4096);
            sketch.Storage.SetLength(1 << 16);
            sketch.Write64(40, 1 << 14);
        }, "the length of the data file's name"),
        ["clusters of size zero"] = (sketch => sketch.Write32(20, uint.MaxValue), "cluster_bits"),
        ["a size of 64 bits"] = (sketch => sketch.Write64(24, ulong.MaxValue), "size"),
        ["a size beyond the L1 table"] = (sketch => sketch.Write64(24, (2 << 20) + 512), "l1_size"),
        ["the largest size"] = (sketch => sketch.Write64(24, long.MaxValue - 511), "l1_size"),
        ["no L1 table"] = (sketch => sketch.Write32(36, 0), "l1_size"),
        ["a misaligned L1 table"] = (sketch => sketch.Write64(40, 4096 + 512), "l1_table_offset"),
        ["an L1 table in the header"] = (sketch => sketch.Write64(40, 0), "l1_table_offset"),
        ["an L1 table past the end"] = (sketch => sketch.Write64(40, 0x100000), "l1_table_offset"),
        ["an L1 table far past the end"] = (sketch => sketch.Write64(40, ulong.MaxValue - 4095), "l1_table_offset"),
        ["an L1 table cut off"] = (sketch => sketch.Storage.SetLength(4096 + 7), "l1_table_offset"),
        ["a larger L1 table than the file holds"] = (sketch =>
        {
            sketch.Write64(24, 1L << 60);
            sketch.Write32(36, uint.MaxValue);
        }, "l1_size"),
        ["refcounts past the end"] = (sketch => sketch.Write64(48, 0x100000), "refcount_table_offset"),
        ["more refcounts than the file holds"] = (sketch => sketch.Write32(56, uint.MaxValue), "refcount_table_offset"),
        ["refcounts of 128 bits"] = (sketch => sketch.Write32(96, 7), "refcount_order"),
        ["a short header"] = (sketch => sketch.Write32(100, 72), "header_length"),
        ["a header longer than a cluster"] = (sketch => sketch.Write32(100, 4104), "header_length"),
        ["a compression type without its bit"] = (sketch =>
        {
            sketch.Write32(100, 112);
            sketch.Write32(104, 0x01000000);
        }, "compression_type"),
        ["the bit without a compression type"] = (sketch => sketch.Write64(72, 8), "compression_type"),
        ["an extension longer than the cluster"] = (sketch =>
        {
            sketch.Write32(104, 0x12345678);
            sketch.Write32(108, 4096 - 112 + 1);
        }, "the length of the header extension 0x12345678"),
        ["an extension of 4 GiB"] = (sketch =>
        {
            sketch.Write32(104, 0x12345678);
            sketch.Write32(108, uint.MaxValue);
        }, "the length of the header extension 0x12345678"),
        ["an extension over the backing file's name"] = (sketch =>
        {
            sketch.NameBacking("base.raw");
            sketch.Write32(104, 0x12345678);
            sketch.Write32(108, 1);
        }, "the length of the header extension 0x12345678"),
        ["a name of 1,024 bytes"] = (sketch => sketch.NameBacking(new string('n', 1024)), "backing_file_size"),
        ["a name after the first cluster"] = (sketch =>
        {
            sketch.NameBacking("base.raw");
            sketch.Write64(8, 4090);
        }, "backing_file_offset"),
        ["a name far away"] = (sketch =>
        {
            sketch.NameBacking("base.raw");
            sketch.Write64(8, ulong.MaxValue - 3);
        }, "backing_file_offset"),
        ["a name in the header"] = (sketch =>
        {
            sketch.NameBacking("base.raw");
            sketch.Write64(8, 20);
        }, "backing_file_offset"),
    };

    [Theory]
    [MemberData(nameof(Damages))]
    public void Damage_is_named(string what)
    {
        (Action<Qcow2Sketch> harm, string field) = AllDamages[what];
        Qcow2Sketch sketch = new(2 << 20);
        harm(sketch);

        QedDamagedFileException error = Assert.Throws<QedDamagedFileException>(() => Qcow2Layer.Open(sketch.Storage));

        Assert.Equal(("qcow2", sketch.Storage.Path, field), (error.Format, error.Path, error.Field));
    }

    public static TheoryData<string> Features { get; } = [.. AllFeatures.Keys];

    private static Dictionary<string, (Action<Qcow2Sketch> Change, string Named)> AllFeatures => new()
    {
        ["version 4"] = (sketch => sketch.Write32(4, 4), "version 4"),
        ["AES"] = (sketch => sketch.Write32(32, 1), "encryption (AES)"),
        ["LUKS"] = (sketch => sketch.Write32(32, 2), "encryption (LUKS)"),
        ["an unknown encryption"] = (sketch => sketch.Write32(32, 3), "encryption by the method 3"),
        ["an external data file"] = (sketch => sketch.Write64(72, 4), "an external data file"),
        ["another compression"] = (sketch =>
        {
            sketch.Write64(72, 8);
            sketch.Write32(100, 112);
            sketch.Write32(104, 0x02000000);
        }, "the compression type 2"),
        ["an unknown feature"] = (sketch => sketch.Write64(72, 1UL << 40), "unknown incompatible features 0x10000000000,"),
        ["an unknown feature with a name"] = (sketch =>
        {
            sketch.Write64(72, 1UL << 40);
            byte[] names = new byte[96];
            (names[0], names[1], names[48], names[49]) = (0, 0, 0, 40);
            Encoding.ASCII.GetBytes("dirty bit").CopyTo(names, 2);
            Encoding.ASCII.GetBytes("time travel").CopyTo(names, 50);
            sketch.AddExtension(0x6803F857, names);
        }, "unknown incompatible features 0x10000000000 (time travel),"),
        ["a backing file of another format"] = (sketch => sketch.NameBacking("base", "parallels"), "a backing file of the format 'parallels'"),
    };

    [Theory]
    [MemberData(nameof(Features))]
    public void An_unsupported_feature_is_named(string what)
    {
        (Action<Qcow2Sketch> change, string named) = AllFeatures[what];
        Qcow2Sketch sketch = new(2 << 20);
        change(sketch);

        QedUnsupportedFormatException error = Assert.Throws<QedUnsupportedFormatException>(() => Qcow2Layer.Open(sketch.Storage));

        Assert.Equal(sketch.Storage.Path, error.Path);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)] // lazy refcounts, in a file that was not closed
    [InlineData(2)] // marked as damaged
    public void A_file_that_needs_a_check_is_read(ulong features)
    {
        Qcow2Sketch sketch = new(64 * KiB);
        sketch.Write64(72, features);
        sketch.Write64(80, ulong.MaxValue); // unknown compatible features may be ignored
        sketch.Write64(88, ulong.MaxValue); // and so may those that writers clear
        sketch.Put(0, [1, 2, 3]);

        Assert.Equal([1, 2, 3], DiskBytes.Read(Qcow2Layer.Open(sketch.Storage).ToDisk(backing: null), 0, 3));
    }

    [Theory]
    [InlineData(2, null, false, null)]
    [InlineData(3, null, false, null)]
    [InlineData(2, "raw", true, null)]
    [InlineData(3, "raw", true, null)]
    [InlineData(3, "qcow2", false, QedDiskFormat.Qcow2)]
    [InlineData(3, "qed", false, QedDiskFormat.Qed)]
    [InlineData(3, "vhdx", false, QedDiskFormat.Vhdx)]
    [InlineData(3, "vpc", false, QedDiskFormat.Vhd)]
    [InlineData(3, "vdi", false, QedDiskFormat.Vdi)]
    [InlineData(3, "vmdk", false, QedDiskFormat.Vmdk)]
    public void The_backing_file_is_named_with_its_format(uint version, string? format, bool isRaw, QedDiskFormat? kind)
    {
        Qcow2Sketch sketch = new(64 * KiB, version: version);
        sketch.AddExtension(0x23852875, new byte[24]); // bitmaps
        sketch.AddExtension(0x7777_7777, [1, 2, 3, 4, 5]);
        sketch.NameBacking("Größe 基底.img", format);

        Qcow2Layer layer = Qcow2Layer.Open(sketch.Storage);

        Assert.Equal(new BackingReference("Größe 基底.img", isRaw) { Format = kind }, layer.Backing);
    }

    [Fact]
    public void A_file_that_ends_inside_its_first_cluster_has_no_more_extensions()
    {
        Qcow2Sketch sketch = new(0);
        sketch.Storage.SetLength(104);
        Qcow2Layer layer = Qcow2Layer.Open(sketch.Storage);
        Assert.Equal((0L, (BackingReference?)null), (layer.VirtualSize, layer.Backing));
    }

    [Fact]
    public void An_L1_table_may_be_longer_than_needed()
    {
        Qcow2Sketch sketch = new(64 * KiB);
        sketch.Write32(36, 0x1000_0000);
        sketch.Put(0, [1, 2, 3]);
        Assert.Equal([1, 2, 3], DiskBytes.Read(Qcow2Layer.Open(sketch.Storage).ToDisk(backing: null), 0, 3));
    }

    // The stream, the map and a conversion all see a whole number of sectors.
    [Fact]
    public void A_partial_sector_at_the_end_counts_as_a_whole_one()
    {
        Qcow2Sketch sketch = new(64 * KiB);
        sketch.Write64(24, (64 * KiB) - 504);
        byte[] cluster = new byte[4096];
        cluster.AsSpan(4096 - 512).Fill(7);
        sketch.Put(15, cluster);

        using Qcow2Layer layer = Qcow2Layer.Open(sketch.Storage);

        Assert.Equal(64 * KiB, layer.VirtualSize);
        Assert.Equal(Enumerable.Repeat((byte)7, 8), DiskBytes.Read(layer.ToDisk(backing: null), (64 * KiB) - 512, 8));
    }
}
