using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Threading;
using QedTools.Disks;
using QedTools.Qed;
using QedTools.Qed.Checking;
using QedTools.Qed.Format;
using QedTools.Tests.DataPlane;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Qed.Metadata;

/// <summary>The cluster map and the walk over it, checked against looking up every cluster on its own.</summary>
public sealed class ClusterMapTests
{
    [Fact]
    public void The_extents_of_any_image_are_those_of_its_clusters_one_by_one() => Seeded.Run(1000, 120, random =>
    {
        ImageSketch sketch = RandomImage(random);
        ExtentModel model = new(sketch.Storage);
        using QedImage image = sketch.Open();
        foreach ((long offset, long length) in Ranges(random, sketch))
        {
            (List<DiskExtent> expected, bool isDamaged) = model.Extents(offset, length);

            Assert.False(isDamaged);
            Assert.Equal(expected, Walk(image, offset, length));
        }
    });

    [Fact]
    public void The_extents_of_a_small_image_cover_all_of_it() => Seeded.Run(2000, 40, random =>
    {
        ImageSketch sketch = RandomImage(random, maxTables: 5);
        using QedImage image = sketch.Open();
        (List<DiskExtent> expected, _) = new ExtentModel(sketch.Storage).Extents(0, sketch.VirtualSize);
        List<DiskExtent> found = Walk(image, 0, sketch.VirtualSize);

        Assert.Equal(expected, found);
        long at = 0;
        DiskExtent? before = null;
        foreach (DiskExtent extent in found)
        {
            Assert.Equal(at, extent.Start);
            Assert.True(extent.Length > 0);
            Assert.False(before?.IsContinuedBy(extent) ?? false, $"{before} and {extent} should be one extent");
            at = extent.End;
            before = extent;
        }

        Assert.Equal(sketch.VirtualSize, at);
    });

    [Fact]
    public void Damage_stops_a_walk_where_the_damage_is_and_nothing_else_does() => Seeded.Run(3000, 400, random =>
    {
        ImageSketch sketch = RandomImage(random, maxTables: 5);
        for (int i = random.Next(1, 5); i > 0; i--)
        {
            Damage(random, sketch);
        }

        ExtentModel model = new(sketch.Storage);
        using QedImage image = sketch.Open();
        foreach ((long offset, long length) in Ranges(random, sketch))
        {
            (List<DiskExtent> expected, bool isDamaged) = model.Extents(offset, length);
            if (!isDamaged)
            {
                Assert.Equal(expected, Walk(image, offset, length));
                continue;
            }

            List<DiskExtent> found = [];
            Assert.Throws<QedCorruptException>(() =>
            {
                foreach (DiskExtent extent in ExtentWalk.Over(image.ToDisk(null), offset, length, CancellationToken.None))
                {
                    found.Add(extent);
                }
            });

            // The last extent before the damage is known to be complete only once the next one begins.
            Assert.InRange(found.Count, Math.Max(0, expected.Count - 1), expected.Count);
            Assert.Equal(expected[..found.Count], found);
        }
    });

    [Theory]
    [InlineData(4096, 1, 512)]
    [InlineData(4096, 2, 1024)]
    [InlineData(8192, 1, 1024)]
    [InlineData(65536, 4, 32768)]
    public void A_run_continues_across_the_boundary_of_two_L2_tables(int clusterSize, int tableSize, int entries)
    {
        ImageSketch sketch = new(clusterSize, tableSize, 4L * entries * clusterSize);
        sketch.TableAt(0);
        sketch.TableAt(1);
        sketch.TableAt(2);
        long data = sketch.Append(entries + 20);
        for (int i = 0; i < entries + 20; i++)
        {
            sketch.Map(entries - 10 + i, data + ((long)i * clusterSize));
        }

        using QedImage image = sketch.Open();
        long start = (long)(entries - 10) * clusterSize;
        Assert.Equal(
            [
                new DiskExtent(0, start, QedExtentState.Unallocated, 0, 0),
                new DiskExtent(start, (entries + 20L) * clusterSize, QedExtentState.Data, data, 0),
                new DiskExtent((2L * entries + 10) * clusterSize, (2L * entries - 10) * clusterSize, QedExtentState.Unallocated, 0, 0),
            ],
            Walk(image, 0, sketch.VirtualSize));
    }

    [Fact]
    public void Unallocated_tables_join_unallocated_entries_across_pages_of_the_L1_table()
    {
        // 2048 L1 entries in four pages of 512; one cluster is at the end of page 0's last table, one in page 2.
        ImageSketch sketch = new(4096, 4, 2048L * 2048 * 4096);
        long data = sketch.Append(2);
        sketch.Map((511 * 2048) + 2047, data);
        sketch.Map((1300 * 2048) + 5, data + 4096);

        using QedImage image = sketch.Open();
        long first = ((511L * 2048) + 2047) * 4096;
        long second = ((1300L * 2048) + 5) * 4096;
        Assert.Equal(
            [
                new DiskExtent(0, first, QedExtentState.Unallocated, 0, 0),
                new DiskExtent(first, 4096, QedExtentState.Data, data, 0),
                new DiskExtent(first + 4096, second - first - 4096, QedExtentState.Unallocated, 0, 0),
                new DiskExtent(second, 4096, QedExtentState.Data, data + 4096, 0),
                new DiskExtent(second + 4096, sketch.VirtualSize - second - 4096, QedExtentState.Unallocated, 0, 0),
            ],
            Walk(image, 0, sketch.VirtualSize));
    }

    [Fact]
    public void An_extent_ends_with_the_disk_and_not_with_its_last_cluster()
    {
        ImageSketch sketch = new(4096, 1, 4096 + 1536);
        long data = sketch.Append(2);
        sketch.Map(0, data);
        sketch.Map(1, data + 4096);
        sketch.Map(2, data + 8192);

        using QedImage image = sketch.Open();
        Assert.Equal([new DiskExtent(0, 4096 + 1536, QedExtentState.Data, data, 0)], Walk(image, 0, sketch.VirtualSize));
        Assert.Equal([new DiskExtent(5000, 600, QedExtentState.Data, data + 5000, 0)], Walk(image, 5000, 600));
    }

    [Fact]
    public void A_run_of_data_ends_where_the_file_ends()
    {
        ImageSketch sketch = new(4096, 1, 1 << 20);
        long data = sketch.Append(3);
        for (int i = 0; i < 6; i++)
        {
            sketch.SetL2(sketch.TableAt(0), i, data + (i * 4096L));
        }

        // The table itself is at the end of the file: the fourth entry maps its cluster, the fifth is past the end.
        using QedImage image = sketch.Open();
        Assert.Equal([new DiskExtent(0, 4 * 4096, QedExtentState.Data, data, 0)], Walk(image, 0, 4 * 4096));
        QedCorruptException e = Assert.Throws<QedCorruptException>(() => Walk(image, 0, 4 * 4096 + 1));
        Assert.Contains("entry 4 of L2 table 0", e.Message, StringComparison.Ordinal);
        Assert.Contains("0x6000", e.Message, StringComparison.Ordinal);
        Assert.Contains(image.Storage.Path, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1UL)]
    [InlineData(2UL)]
    [InlineData(0x1000UL)]
    [InlineData(0x5000UL)]
    [InlineData(0x8000000000006000UL)]
    [InlineData(ulong.MaxValue - 8191)]
    [InlineData(0x7fffffffffffe000UL)]
    public void An_L1_entry_that_does_not_refer_to_a_table_is_damage(ulong value)
    {
        ImageSketch sketch = new(8192, 2, 1L << 30);
        sketch.SetL1(1, value);

        using QedImage image = sketch.Open();
        Assert.Equal([new DiskExtent(0, sketch.Span, QedExtentState.Unallocated, 0, 0)], Walk(image, 0, sketch.Span));
        QedCorruptException e = Assert.Throws<QedCorruptException>(() => Walk(image, sketch.Span, 1));
        Assert.Contains("entry 1 of the L1 table", e.Message, StringComparison.Ordinal);
        Assert.Contains($"0x{value:x}", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(32767)]
    public void A_table_that_is_cut_off_while_the_image_is_open_is_not_read_as_holes(int mapped)
    {
        // One table of 32,768 entries in four pages with one entry that is not zero: the rest is a hole in the file and is then cut off.
        const int Cluster = 64 << 10;
        const long Span = 32768L * Cluster;
        MemoryStorage storage = new();
        TestImage.Create(storage, new QedGeometry(Cluster, tableSize: 4), Span);
        QedImage writer = TestImage.OpenForWriting(storage);
        writer.ToDisk(backing: null).Write(mapped * (long)Cluster, new byte[] { 1 });
        TestImage.Close(writer);
        byte[] l1Entry = new byte[8];
        storage.Read(Cluster, l1Entry);
        using QedImage image = QedImage.Open(new ReadOnlyStorage(storage));
        Assert.Equal(2, Walk(image, 0, Span).Count);

        using QedImage cut = QedImage.Open(new ReadOnlyStorage(storage));
        TableReader reader = new(storage, cut.Header.Geometry, CancellationToken.None);
        long table = BinaryPrimitives.ReadInt64LittleEndian(l1Entry);
        storage.SetLength(table + Cluster + 1000);

        Assert.Throws<QedFileChangedException>(() => Walk(cut, 0, Span));
        Assert.Throws<QedFileChangedException>(() => reader.Read(table, (_, _) => { }));
    }

    [Fact]
    public void The_largest_possible_disk_is_one_extent()
    {
        for (int bits = 12; bits <= 26; bits++)
        {
            foreach (int tableSize in new[] { 1, 2, 4, 8, 16 })
            {
                Int128 entries = ((Int128)tableSize << bits) / 8;
                Int128 most = Int128.Min(entries * entries << bits, long.MaxValue - 511);
                ImageSketch sketch = new(1 << bits, tableSize, (long)most);
                using QedImage image = sketch.Open();

                Assert.Equal([new DiskExtent(0, (long)most, QedExtentState.Unallocated, 0, 0)], Walk(image, 0, (long)most));
                Assert.Equal([new DiskExtent((long)most - 1, 1, QedExtentState.Unallocated, 0, 0)], Walk(image, (long)most - 1, 1));
            }
        }
    }

    [Theory]
    [InlineData(8)]
    [InlineData(16)]
    public void The_last_cluster_of_the_largest_disk_with_the_largest_clusters_can_be_data(int tableSize)
    {
        long size = long.MaxValue - 511;
        ImageSketch sketch = new(1 << 26, tableSize, size);
        long data = sketch.Append(1);
        long last = (size - 1) / (1 << 26);
        sketch.Map(last, data);

        using QedImage image = sketch.Open();
        long start = last << 26;
        Assert.Equal([new DiskExtent(start, size - start, QedExtentState.Data, data, 0)], Walk(image, start, size - start));
        Assert.Equal([new DiskExtent(start - 1, 1, QedExtentState.Unallocated, 0, 0)], Walk(image, start - 1, 1));
    }

    /// <summary>An image with clusters of 4 KiB to 64 KiB and runs of all kinds, many across table boundaries.</summary>
    internal static ImageSketch RandomImage(Random random, int maxTables = 700)
    {
        int clusterSize = 1 << random.Next(12, 17);
        int tableSize = random.Pick(1, 2, 4);
        long entries = (long)clusterSize * tableSize / 8;
        long tables = Math.Min(entries, random.Next(1, maxTables + 1));
        long size = (tables * entries * clusterSize) - random.Pick(0, 512 * random.NextInt64(entries * clusterSize / 512));
        ImageSketch sketch = new(clusterSize, tableSize, size, headerSize: random.Next(1, 4));
        long clusters = (size + clusterSize - 1) / clusterSize;

        // Tables come first, one after the other in random order; data follows in runs.
        for (int run = random.Next(1, 25); run > 0; run--)
        {
            long border = random.NextInt64(tables) * entries;
            long first = Math.Clamp(border + random.Next(-60, 60), 0, Math.Max(0, clusters - 1));
            int length = (int)Math.Min(clusters - first, random.Pick(1, 2, 3, 10, 100));
            int kind = random.Next(5);
            long data = kind >= 2 ? sketch.Append(length + 1) : 0;
            for (int i = 0; i < length; i++)
            {
                long? value = kind switch
                {
                    0 => 0,
                    1 => 1,
                    2 => data + ((length - 1L - i) * clusterSize),
                    _ => data + ((long)i * clusterSize),
                };
                sketch.Map(first + i, value.Value);
            }
        }

        if (random.Next(3) == 0)
        {
            sketch.Storage.SetLength(sketch.Storage.Length + random.Next(1, clusterSize));
        }

        return sketch;
    }

    private static void Damage(Random random, ImageSketch sketch)
    {
        long length = sketch.Storage.Length;
        ulong value = random.Pick(
            2UL,
            (ulong)random.NextInt64(long.MaxValue),
            (ulong)length,
            (ulong)(length / sketch.ClusterSize * sketch.ClusterSize),
            (ulong)((length / sketch.ClusterSize) - 1) * (ulong)sketch.ClusterSize,
            1UL << 63,
            ulong.MaxValue - (ulong)sketch.ClusterSize + 1,
            (ulong)sketch.ClusterSize / 2,
            (ulong)random.Next(sketch.HeaderSize) * (ulong)sketch.ClusterSize,
            (ulong)random.NextInt64(length / sketch.ClusterSize) * (ulong)sketch.ClusterSize);
        long tables = (sketch.VirtualSize + sketch.Span - 1) / sketch.Span;
        if (random.Next(4) == 0)
        {
            sketch.SetL1(random.NextInt64(tables), value);
            return;
        }

        long table = (long)sketch.GetL1(random.NextInt64(tables));
        if (table > 0 && table % sketch.ClusterSize == 0 && table < length)
        {
            sketch.SetL2(table, random.Pick(random.NextInt64(sketch.Entries), random.Next(60), sketch.Entries - 1 - random.Next(60)), value);
        }
    }

    private static IEnumerable<(long Offset, long Length)> Ranges(Random random, ImageSketch sketch)
    {
        const int MaxClusters = 6000;
        for (int i = 0; i < 12; i++)
        {
            long tables = (sketch.VirtualSize + sketch.Span - 1) / sketch.Span;
            long near = random.NextInt64(tables) * sketch.Span;
            long offset = Math.Clamp(near + (random.Next(-80, 80) * (long)sketch.ClusterSize), 0, sketch.VirtualSize - 1);
            offset = random.Next(2) == 0 ? offset : Math.Min(sketch.VirtualSize - 1, offset + random.Next(sketch.ClusterSize));
            long most = Math.Min(sketch.VirtualSize - offset, (long)MaxClusters * sketch.ClusterSize);
            yield return (offset, random.Next(4) == 0 ? most : 1 + random.NextInt64(most));
        }

        yield return (sketch.VirtualSize - 1, 1);
        yield return (0, 0);
    }

    private static List<DiskExtent> Walk(QedImage image, long offset, long length) =>
        [.. ExtentWalk.Over(image.ToDisk(null), offset, length, CancellationToken.None)];
}
