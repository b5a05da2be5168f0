using System;
using System.Collections.Generic;
using QedTools.Disks;
using QedTools.Interchange.Qcow2;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interchange.Qcow2;

/// <summary>Clusters compressed with Zstandard: what a file may require of a reader, and what it may not.</summary>
public sealed class Qcow2ZstdTests
{
    private const int ClusterSize = 4096;

    // RFC 8878, 3.1.2: a skippable frame, which holds no data for the reader.
    private static readonly byte[] Skippable = [0x50, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 7, 7, 7];

    [Fact]
    public void A_cluster_may_be_several_frames()
    {
        byte[] data = Qcow2DiskTests.Text(1, ClusterSize);
        byte[] packed = [.. Qcow2Sketch.Zstd(data[..1000]), .. Skippable, .. Qcow2Sketch.Zstd(data[1000..])];

        Assert.Equal(data, Read(packed));
    }

    [Fact]
    public void Frames_need_not_state_their_size() =>
        Assert.Equal(DiskBytes.Random(1, ClusterSize), Read(Frame(windowLog: 12, DiskBytes.Random(1, ClusterSize))));

    [Fact]
    public void A_window_size_that_every_reader_must_support_is_accepted() =>
        Assert.Equal(DiskBytes.Random(1, ClusterSize), Read(Frame(windowLog: 23, DiskBytes.Random(1, ClusterSize))));

    [Theory]
    [InlineData(24)]
    [InlineData(27)]
    [InlineData(41)]
    public void A_larger_window_is_refused_before_memory_is_allocated(int windowLog)
    {
        QedDamagedFileException error = Assert.Throws<QedDamagedFileException>(
            () => Read(Frame(windowLog, DiskBytes.Random(1, ClusterSize))));

        Assert.StartsWith("the compressed cluster 0 at", error.Field, StringComparison.Ordinal);
    }

    [Fact]
    public void Data_in_a_frame_past_the_cluster_does_no_harm()
    {
        byte[] data = Qcow2DiskTests.Text(1, ClusterSize);

        Assert.Equal(data, Read([.. Qcow2Sketch.Zstd(data), .. Qcow2Sketch.Zstd(new byte[50 << 20])]));
        Assert.Equal(data, Read(Qcow2Sketch.Zstd([.. data, .. Qcow2DiskTests.Text(2, 100)])));
    }

    public static TheoryData<string> Damages { get; } = [.. AllDamages.Keys];

    private static Dictionary<string, byte[]> AllDamages => new()
    {
        ["no frame"] = DiskBytes.Random(1, 600),
        ["deflated data"] = Qcow2Sketch.Deflate(Qcow2DiskTests.Text(1, ClusterSize)),
        ["too few bytes"] = Qcow2Sketch.Zstd(Qcow2DiskTests.Text(1, ClusterSize - 1)),
        ["a frame cut off"] = Qcow2Sketch.Zstd(Qcow2DiskTests.Text(1, ClusterSize))[..^100],
        ["only a skippable frame"] = Skippable,
        ["a block of an undefined type"] = [0x28, 0xB5, 0x2F, 0xFD, 0, 0x10, 0x07, 0, 0],
    };

    [Theory]
    [MemberData(nameof(Damages))]
    public void Damage_is_reported_when_it_is_read(string what)
    {
        QedDamagedFileException error = Assert.Throws<QedDamagedFileException>(() => Read(AllDamages[what]));

        Assert.StartsWith("the compressed cluster 0 at", error.Field, StringComparison.Ordinal);
        Assert.Contains("zstd", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void After_damage_the_next_cluster_is_read()
    {
        Qcow2Sketch sketch = new(2 * ClusterSize);
        sketch.UseZstd();
        sketch.PutPacked(0, Qcow2Sketch.Zstd(Qcow2DiskTests.Text(1, ClusterSize))[..^100]);
        sketch.PutCompressed(1, Qcow2DiskTests.Text(2, ClusterSize));
        using Qcow2Layer layer = Qcow2Layer.Open(sketch.Storage);
        IDisk disk = layer.ToDisk(backing: null);

        Assert.Throws<QedDamagedFileException>(() => DiskBytes.Read(disk, 0, ClusterSize));
        Assert.Equal(Qcow2DiskTests.Text(2, ClusterSize), DiskBytes.Read(disk, ClusterSize, ClusterSize));
    }

    // Reads the whole cluster, and also a part of it: these are read in different ways.
    private static byte[] Read(byte[] packed)
    {
        Qcow2Sketch sketch = new(ClusterSize);
        sketch.UseZstd();
        sketch.PutPacked(0, packed);
        using Qcow2Layer layer = Qcow2Layer.Open(sketch.Storage);
        IDisk disk = layer.ToDisk(backing: null);
        byte[] whole = DiskBytes.Read(disk, 0, ClusterSize);
        Assert.Equal(whole[10..50], DiskBytes.Read(disk, 10, 40));
        return whole;
    }

    // A frame with the given window size and one raw block (RFC 8878, 3.1.1).
    private static byte[] Frame(int windowLog, byte[] data)
    {
        int block = (data.Length << 3) | 1;
        return [0x28, 0xB5, 0x2F, 0xFD, 0, (byte)((windowLog - 10) << 3), (byte)block, (byte)(block >> 8), (byte)(block >> 16), .. data];
    }
}
