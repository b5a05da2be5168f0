using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using QedTools.Disks;
using QedTools.Qed;
using QedTools.Tests.Qed.Metadata;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Disks;

public sealed class ExtentWalkTests
{
    [Fact]
    public void The_extents_of_a_chain_are_those_of_its_sectors_one_by_one() => Seeded.Run(60_000, 150, random =>
    {
        IDisk? disk = null;
        ExtentModel? model = null;
        for (int layer = random.Next(2, 5); layer > 0; layer--)
        {
            ImageSketch sketch = RandomLayer(random);
            model = new ExtentModel(sketch.Storage, model);
            disk = sketch.Open().ToDisk(disk);
        }

        Assert.Equal(model!.Extents(0, model.Length).Extents, Walk(disk!, 0, disk!.Length));
        for (int i = 0; i < 5; i++)
        {
            long offset = random.NextInt64(disk.Length);
            long length = random.NextInt64(disk.Length - offset + 1);
            Assert.Equal(model.Extents(offset, length).Extents, Walk(disk, offset, length));
        }
    });

    [Fact]
    public void Damage_in_any_layer_stops_the_walk_only_where_the_layer_is_seen()
    {
        ImageSketch lower = new(4096, 1, 1 << 20);
        lower.Map(3, 5000UL);
        lower.Map(9, 5000UL);
        ImageSketch upper = new(4096, 1, 1 << 20, backingName: "lower.qed");
        upper.Map(3, 1);
        IDisk disk = upper.Open().ToDisk(lower.Open().ToDisk(null));

        Assert.Equal(
            [
                new DiskExtent(0, 3 * 4096, QedExtentState.Unallocated, 0, 0),
                new DiskExtent(3 * 4096, 4096, QedExtentState.Zero, 0, 0),
                new DiskExtent(4 * 4096, 5 * 4096, QedExtentState.Unallocated, 0, 0),
            ],
            Walk(disk, 0, 9 * 4096));
        Assert.Throws<QedCorruptException>(() => Walk(disk, 9 * 4096, 1));
    }

    [Fact]
    public void Nothing_is_allocated_past_the_end_of_a_shorter_backing_disk()
    {
        ImageSketch lower = new(4096, 1, 4096 + 512);
        long data = lower.Append(2);
        lower.Map(0, data);
        lower.Map(1, data + 4096);
        ImageSketch upper = new(65536, 1, 1 << 20, backingName: "lower.qed");

        Assert.Equal(
            [
                new DiskExtent(0, 4608, QedExtentState.Data, data, 1),
                new DiskExtent(4608, (1 << 20) - 4608, QedExtentState.Unallocated, 0, 0),
            ],
            Walk(upper.Open().ToDisk(lower.Open().ToDisk(null)), 0, 1 << 20));
    }

    [Fact]
    public void A_range_of_no_bytes_has_no_extents()
    {
        IDisk disk = new ImageSketch(4096, 1, 1 << 20).Open().ToDisk(null);

        Assert.Empty(Walk(disk, 0, 0));
        Assert.Empty(Walk(disk, 1 << 20, 0));
        Assert.Empty(Walk(new ImageSketch(4096, 1, 0).Open().ToDisk(null), 0, 0));
    }

    [Fact]
    public void Extents_come_one_at_a_time()
    {
        // 1000 tables, of which the first extents need only the first.
        ImageSketch sketch = new(4096, 16, 1000L * 8192 * 4096);
        long data = sketch.Append(1000);
        for (int i = 0; i < 1000; i++)
        {
            sketch.Map(i * 8192L, data + (i * 4096L));
        }

        MeteredStorage storage = new(sketch.Storage);
        IDisk disk = QedImage.Open(storage).ToDisk(null);
        storage.Reset();
        List<DiskExtent> first = [.. ExtentWalk.Over(disk, 0, disk.Length, CancellationToken.None).Take(2)];

        Assert.Equal(data, first[0].FileOffset);
        Assert.Equal((8192 * 4096L) - 4096, first[1].Length);
        Assert.InRange(storage.Reads, 1, 20);
    }

    [Fact]
    public void A_cancelled_walk_stops_between_two_extents()
    {
        ImageSketch sketch = new(4096, 1, 1 << 20);
        for (int i = 0; i < 10; i++)
        {
            sketch.Map(2 * i, 1);
        }

        using CancellationTokenSource source = new();
        int seen = 0;
        Assert.Throws<OperationCanceledException>(() =>
        {
            foreach (DiskExtent extent in ExtentWalk.Over(sketch.Open().ToDisk(null), 0, 1 << 20, source.Token))
            {
                if (++seen == 3)
                {
                    source.Cancel();
                }
            }
        });
        Assert.Equal(3, seen);
    }

    private static List<DiskExtent> Walk(IDisk disk, long offset, long length) =>
        [.. ExtentWalk.Over(disk, offset, length, CancellationToken.None)];

    // Up to 4 MiB with clusters of 4 KiB to 64 KiB, any number of sectors, and runs of all kinds.
    private static ImageSketch RandomLayer(Random random)
    {
        int clusterSize = 1 << random.Next(12, 17);
        ImageSketch sketch = new(clusterSize, random.Pick(1, 2), random.NextInt64(1, 8193) * 512, backingName: "below");
        int clusters = (int)((sketch.VirtualSize + clusterSize - 1) / clusterSize);
        for (int run = random.Next(0, 8); run > 0; run--)
        {
            int first = random.Next(clusters);
            int length = Math.Min(clusters - first, random.Next(1, 30));
            int kind = random.Next(4);
            long data = sketch.Append(kind > 1 ? length : 0);
            for (int i = 0; i < length; i++)
            {
                sketch.Map(first + i, kind > 1 ? data + ((long)i * clusterSize) : kind);
            }
        }

        return sketch;
    }
}
