using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using System.Threading;
using QedTools.Qed;
using QedTools.Qed.Checking;
using QedTools.Storage;
using QedTools.Tests.Qed.Metadata;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Qed.Checking;

public sealed class ImageCheckerTests
{
    [Fact]
    public void Random_images_are_clean_except_for_clusters_left_unused() => Seeded.Run(10_000, 120, random =>
    {
        ImageSketch sketch = ClusterMapTests.RandomImage(random, maxTables: 40);
        CheckModel model = new(sketch.Storage);

        Assert.DoesNotContain(model.Corruptions, c => c.Kind != QedCorruptionKind.BeyondVirtualSize);
        AssertSame(model, Check(sketch));
    });

    [Fact]
    public void Random_damage_is_found_entry_by_entry() => Seeded.Run(20_000, 1500, random =>
    {
        ImageSketch sketch = SmallImage(random);
        for (int i = random.Next(1, 8); i > 0; i--)
        {
            Damage(random, sketch);
        }

        AssertSame(new CheckModel(sketch.Storage), Check(sketch));
    });

    [Fact]
    public void A_shrunk_or_truncated_image_is_distinguished_from_a_leaking_one() => Seeded.Run(30_000, 300, random =>
    {
        ImageSketch sketch = SmallImage(random);
        sketch.VirtualSize = random.NextInt64((sketch.VirtualSize / 512) + 1) * 512;
        if (random.Next(2) == 0)
        {
            long least = sketch.L1Offset + sketch.TableBytes;
            sketch.Storage.SetLength(least + random.NextInt64(sketch.Storage.Length - least + 1));
        }

        AssertSame(new CheckModel(sketch.Storage), Check(sketch));
    });

    [Theory]
    [InlineData(0UL)]
    [InlineData(1UL)]
    public void A_table_past_the_end_of_the_disk_without_data_is_not_damage(ulong value)
    {
        ImageSketch sketch = new(4096, 1, 1 << 20);
        sketch.SetL2(sketch.TableAt(5), 7, value);
        QedCheckResult result = Check(sketch);

        Assert.Equal(QedCheckStatus.Clean, result.Status);
        Assert.Equal((0, 0, 0), (result.AllocatedClusters, result.ZeroClusters, result.LeakedClusters));
        Assert.Equal(sketch.Storage.Length, result.ImageEndOffset);
    }

    [Fact]
    public void Data_past_the_end_of_the_disk_is_damage_once_per_entry_and_not_a_leak()
    {
        // A disk of 256 and a half clusters: entries 257 and 300 of its table are past the end, and so are two in a later table.
        ImageSketch sketch = new(4096, 1, (1 << 20) + 2048);
        long table = sketch.TableAt(0);
        long further = sketch.TableAt(5);
        sketch.SetL2(table, 256, sketch.Append(1));
        foreach ((long where, long index) in new[] { (table, 257L), (table, 300), (further, 0), (further, 511) })
        {
            sketch.SetL2(where, index, sketch.Append(1));
        }

        QedCheckResult result = Check(sketch);

        Assert.Equal([(0L, 257L), (0, 300), (5, 0), (5, 511)], result.Corruptions.Select(c => (c.L1Index, c.L2Index!.Value)));
        Assert.All(result.Corruptions, c => Assert.Equal(QedCorruptionKind.BeyondVirtualSize, c.Kind));
        Assert.Equal((1, 0, 0), (result.AllocatedClusters, result.FragmentedClusters, result.LeakedClusters));
    }

    [Fact]
    public void A_survey_knows_every_cluster_in_use() => Seeded.Run(45_000, 200, random =>
    {
        ImageSketch sketch = SmallImage(random);
        for (int i = random.Next(0, 4); i > 0; i--)
        {
            Damage(random, sketch);
        }

        CheckModel model = new(sketch.Storage);
        ImageSurvey survey = ImageChecker.Survey(sketch.Open().File, null, CancellationToken.None);

        AssertSame(model, survey.Result);
        for (long cluster = 0; cluster < (sketch.Storage.Length / sketch.ClusterSize) + 2; cluster++)
        {
            Assert.Equal(model.IsUsed(cluster), survey.IsUsed(cluster));
        }
    });

    [Fact]
    public void An_image_longer_than_its_cluster_size_squared_does_not_seem_to_leak()
    {
        // QEMU divides by cluster_size - 1 (bug 1 in docs/format.md): it would report a leak here.
        ImageSketch sketch = new(65536, 4, 5L << 30);
        FillInOrder(sketch, 65536);
        Assert.True(sketch.Storage.Length > 1L << 32);
        QedCheckResult result = Check(sketch);

        Assert.Equal(QedCheckStatus.Clean, result.Status);
        Assert.Equal(0, result.LeakedClusters);
        Assert.Equal(65536, result.AllocatedClusters);
        Assert.Equal(sketch.Storage.Length, result.ImageEndOffset);
    }

    [Theory]
    [InlineData(4096, 1, 5000, 0)]
    [InlineData(4096, 2, 20000, 1)]
    [InlineData(4096, 4, 12345, 77)]
    [InlineData(8192, 1, 9000, 3)]
    public void Small_clusters_do_not_seem_to_leak_either(int clusterSize, int tableSize, int clusters, int leaked)
    {
        ImageSketch sketch = new(clusterSize, tableSize, clusters * (long)clusterSize);
        FillInOrder(sketch, clusters);
        sketch.Append(leaked);
        Assert.True(sketch.Storage.Length > (long)clusterSize * clusterSize);
        QedCheckResult result = Check(sketch);

        Assert.Equal(leaked == 0 ? QedCheckStatus.Clean : QedCheckStatus.Leaks, result.Status);
        Assert.Equal(leaked, result.LeakedClusters);
        Assert.Equal((long)leaked * clusterSize, result.LeakedBytes);
    }

    [Theory]
    [InlineData(1L << 20)]
    [InlineData((1L << 26) - 11)]
    [InlineData(1L << 40)]
    [InlineData((1L << 47) - 11)]
    public void Leaks_are_counted_exactly_in_a_file_that_claims_to_be_far_longer_than_4_GiB(long fileClusters)
    {
        ImageSketch sketch = new(65536, 4, 4L << 40);
        for (int i = 0; i < 10; i++)
        {
            sketch.Map(i * 100_000L, sketch.Append(1));
        }

        // One table, and its data at the very end of the file.
        sketch.Storage.SetLength(fileClusters * 65536);
        long end = sketch.Storage.Length;
        sketch.SetL1(1900, end - (5L * 65536));
        sketch.SetL2(end - (5L * 65536), 32767, end - 65536);
        QedCheckResult result = Check(sketch);

        long used = 4 + 10 + Enumerable.Range(0, 10).Select(i => i * 100_000L / 32768).Distinct().Count() * 4L + 4 + 1;
        Assert.Equal(QedCheckStatus.Leaks, result.Status);
        Assert.Equal(fileClusters - 1 - used, result.LeakedClusters);
        Assert.Equal((fileClusters - 1 - used) * 65536, result.LeakedBytes);
        Assert.Equal(11, result.AllocatedClusters);
        Assert.Equal(end, result.ImageEndOffset);
    }

    [Fact]
    public void Counts_are_exact_even_though_details_end_at_a_thousand()
    {
        ImageSketch sketch = new(4096, 4, 1L << 30);
        long first = sketch.TableAt(0);
        long second = sketch.TableAt(3);
        sketch.SetL1(7, 12345UL);
        for (int i = 0; i < 2048; i++)
        {
            sketch.SetL2(first, i, 2UL + (ulong)i);
            sketch.SetL2(second, i, 1UL << 50);
        }

        QedCheckResult result = Check(sketch);

        Assert.Equal(1 + 2048 + 2048, result.CorruptionCount);
        Assert.Equal(QedCheckStatus.Corrupt, result.Status);
        Assert.Equal(1000, result.Corruptions.Count);
        Assert.Equal(new QedCorruption(QedCorruptionKind.ReservedBits, 7, null, 7L * 2048 * 4096, 12345), result.Corruptions[0]);
        for (int i = 0; i < 999; i++)
        {
            Assert.Equal(new QedCorruption(QedCorruptionKind.ReservedBits, 0, i, i * 4096L, 2UL + (ulong)i), result.Corruptions[i + 1]);
        }
    }

    [Fact]
    public void A_table_that_all_L1_entries_share_is_read_once()
    {
        // 2^19 entries that refer to one table of 2^19 entries: 2^38 entries if each were followed.
        ImageSketch sketch = new(1 << 18, 16, 1L << 56);
        long table = sketch.Append(16);
        byte[] l1 = new byte[sketch.TableBytes];
        for (int i = 0; i < l1.Length; i += 8)
        {
            BinaryPrimitives.WriteInt64LittleEndian(l1.AsSpan(i), table);
        }

        sketch.Storage.Write(sketch.L1Offset, l1);
        long data = sketch.Append(1);
        sketch.Storage.Write(table, new byte[sketch.TableBytes]);
        sketch.SetL2(table, 77, data);
        MeteredStorage storage = new(sketch.Storage) { Limit = 64 };
        QedCheckResult result = ImageChecker.Check(QedImage.Open(storage).File, null, CancellationToken.None);

        Assert.Equal((1 << 19) - 1, result.CorruptionCount);
        Assert.All(result.Corruptions, c => Assert.Equal(QedCorruptionKind.TableAndTable, c.Kind));
        Assert.Equal(1, result.AllocatedClusters);
        Assert.Equal(0, result.LeakedClusters);

        // Reads the header, the L1 table twice and the L2 table once.
        Assert.InRange(storage.BytesRead, 3 * sketch.TableBytes, (3 * sketch.TableBytes) + 4096);
    }

    [Fact]
    public void Tables_at_every_cluster_are_read_at_most_once_each()
    {
        // Every cluster from the L1 table on is claimed as the start of a table of 16 clusters, so the tables all overlap.
        ImageSketch sketch = new(4096, 16, 8192L * 8192 * 4096);
        sketch.Append(1000);
        for (int i = 0; i < 1000 + 1; i++)
        {
            sketch.SetL1(i, sketch.L1Offset + (i * 4096L));
        }

        MeteredStorage storage = new(sketch.Storage);
        QedCheckResult result = ImageChecker.Check(QedImage.Open(storage).File, null, CancellationToken.None);

        CheckModel model = new(sketch.Storage);
        Assert.Equal(model.Corruptions.Count, result.CorruptionCount);
        Assert.Equal(model.Leaked, result.LeakedClusters);
        Assert.InRange(storage.Reads, 1000, 2 * 1010);
    }

    [Fact]
    public void An_empty_image_of_the_largest_size_is_checked_in_a_few_reads()
    {
        for (int bits = 12; bits <= 26; bits++)
        {
            foreach (int tableSize in new[] { 1, 2, 4, 8, 16 })
            {
                Int128 entries = ((Int128)tableSize << bits) / 8;
                ImageSketch sketch = new(1 << bits, tableSize, (long)Int128.Min(entries * entries << bits, long.MaxValue - 511));
                MeteredStorage storage = new(sketch.Storage);
                long before = GC.GetAllocatedBytesForCurrentThread();
                QedCheckResult result = ImageChecker.Check(QedImage.Open(storage).File, null, CancellationToken.None);
                long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

                Assert.Equal(QedCheckStatus.Clean, result.Status);
                Assert.Equal((1L + tableSize) << bits, result.ImageEndOffset);
                Assert.InRange(storage.Reads, 1, 8);
                Assert.InRange(storage.RangeQueries, 0, 8);
                Assert.InRange(allocated, 0, 4 << 20);
            }
        }
    }

    [Fact]
    public void Holes_that_end_anywhere_hide_no_entry() => Seeded.Run(40_000, 60, random =>
    {
        ImageSketch sketch = new(65536, random.Pick(2, 4), 3L << 30);
        long table = sketch.TableAt(random.Next(2));
        for (int i = 0; i < 30; i++)
        {
            sketch.SetL2(table, random.NextInt64(sketch.Entries), sketch.Append(1));
        }

        MeteredStorage storage = new(sketch.Storage, (offset, length) =>
        {
            // Report holes and data ranges of random lengths; only zeroes are reported as holes.
            bool isHole = true;
            long end = Math.Min(length, random.Next(1, 5000));
            byte[] bytes = new byte[end];
            sketch.Storage.Read(offset, bytes);
            int first = bytes.AsSpan().IndexOfAnyExcept((byte)0);
            if (first == 0)
            {
                isHole = false;
                int zero = bytes.AsSpan().IndexOf((byte)0);
                end = zero < 0 ? end : random.Next(1, zero + 1);
            }
            else if (first > 0)
            {
                end = first;
            }

            return new StorageRange(end, isHole);
        });

        AssertSame(new CheckModel(sketch.Storage), ImageChecker.Check(QedImage.Open(storage).File, null, CancellationToken.None));
        Assert.True(storage.RangeQueries > 0);
    });

    [Fact]
    public void Progress_rises_to_the_total_bytes_of_the_tables()
    {
        ImageSketch sketch = new(4096, 2, 1L << 30);
        for (int i = 0; i < 20; i++)
        {
            sketch.Map(i * 3000L, sketch.Append(1));
        }

        Recorder progress = new();
        ImageChecker.Check(sketch.Open().File, progress, CancellationToken.None);

        long total = Assert.Single(progress.Reports.Select(report => report.BytesTotal).Distinct());
        Assert.Equal(progress.Reports.Select(report => report.BytesDone).Order(), progress.Reports.Select(report => report.BytesDone));
        Assert.Equal(total, progress.Reports[^1].BytesDone);
        Assert.All(progress.Reports, report => Assert.InRange(report.BytesDone, 0, total));
    }

    [Fact]
    public void A_cancelled_check_stops_before_it_reads_another_table()
    {
        ImageSketch sketch = new(4096, 2, 1L << 30);
        for (int i = 0; i < 20; i++)
        {
            sketch.Map(i * 3000L, sketch.Append(1));
        }

        using CancellationTokenSource source = new();
        Recorder progress = new() { After = _ => source.Cancel() };

        Assert.ThrowsAny<OperationCanceledException>(() => ImageChecker.Check(sketch.Open().File, progress, source.Token));
        Assert.Single(progress.Reports);
    }

    [Fact]
    public void A_check_writes_nothing()
    {
        ImageSketch sketch = new(4096, 2, 1L << 30, features: 2);
        sketch.Map(5, sketch.Append(1));
        sketch.Map(6, 77UL);
        sketch.Append(3);
        byte[] before = new byte[sketch.Storage.Length];
        sketch.Storage.Read(0, before);
        QedCheckResult result = Check(sketch);
        byte[] after = new byte[sketch.Storage.Length];
        sketch.Storage.Read(0, after);

        Assert.True(result.NeedsCheck);
        Assert.Equal(QedCheckStatus.Corrupt, result.Status);
        Assert.Equal(before, after);
    }

    /// <summary>A few tables of 512 to 2048 entries that map data, and some leaked clusters.</summary>
    internal static ImageSketch SmallImage(Random random)
    {
        int clusterSize = random.Pick(4096, 4096, 8192);
        int tableSize = random.Pick(1, 1, 2, 4);
        long entries = (long)clusterSize * tableSize / 8;
        int tables = random.Next(1, 6);
        ImageSketch sketch = new(clusterSize, tableSize, tables * entries * clusterSize, headerSize: random.Next(1, 3));
        for (int i = random.Next(0, 40); i > 0; i--)
        {
            long cluster = (random.Next(tables) * entries) + random.Pick(random.NextInt64(entries), random.Next(20), entries - 1);
            sketch.Map(cluster, random.Next(5) == 0 ? 1 : sketch.Append(1));
        }

        sketch.Append(random.Next(3));
        return sketch;
    }

    private static void Damage(Random random, ImageSketch sketch)
    {
        long clusters = sketch.Storage.Length / sketch.ClusterSize;
        long cluster = random.NextInt64(clusters + 3) * sketch.ClusterSize;
        long tables = Math.Max(1, (sketch.VirtualSize + sketch.Span - 1) / sketch.Span);
        long l1 = random.Pick(random.NextInt64(tables), random.NextInt64(Math.Min(sketch.Entries, tables + 3)));
        long other = (long)sketch.GetL1(random.NextInt64(tables));
        ulong value = random.Next(12) switch
        {
            0 => 0,
            1 => 1,
            2 => 2,
            3 => (ulong)random.NextInt64(long.MaxValue),
            4 => (ulong)cluster | (1UL << 63),
            5 => ulong.MaxValue - (ulong)sketch.ClusterSize + 1,
            6 => (ulong)cluster + 4096,
            7 => (ulong)cluster + (1UL << random.Next(12)),
            8 => (ulong)other,
            9 => (ulong)Math.Max(0, other + (random.Next(-3, 4) * (long)sketch.ClusterSize)),
            _ => (ulong)cluster,
        };
        switch (random.Next(10))
        {
            case 0:
                sketch.VirtualSize = random.NextInt64(sketch.VirtualSize / 512 + 1) * 512;
                break;
            case 1:
                sketch.Append(random.Next(3));
                break;
            case 2 when clusters > sketch.HeaderSize + sketch.TableSize:
                sketch.Storage.SetLength(sketch.Storage.Length - random.NextInt64(
                    Math.Min(3L * sketch.ClusterSize, sketch.Storage.Length - sketch.L1Offset - sketch.TableBytes)));
                break;
            case 3 or 4:
                sketch.SetL1(l1, value);
                break;
            default:
                if (other >= sketch.ClusterSize && other % sketch.ClusterSize == 0 && other < sketch.Storage.Length)
                {
                    sketch.SetL2(other, random.Pick(random.NextInt64(sketch.Entries), random.Next(20), sketch.Entries - 1), value);
                }

                break;
        }
    }

    private static void FillInOrder(ImageSketch sketch, int clusters)
    {
        for (int i = 0; i < (clusters + sketch.Entries - 1) / sketch.Entries; i++)
        {
            sketch.TableAt(i);
        }

        long data = sketch.Append(clusters);
        for (int i = 0; i < clusters; i++)
        {
            sketch.Map(i, data + ((long)i * sketch.ClusterSize));
        }
    }

    private static QedCheckResult Check(ImageSketch sketch) => ImageChecker.Check(sketch.Open().File, null, CancellationToken.None);

    // Looking at the rest of a run again for each entry before a cluster in use takes minutes here.
    [Fact]
    public void A_run_that_ends_in_a_cluster_in_use_is_looked_at_once()
    {
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Patience.Limit);

        QedCheckResult check = ImageChecker.Check(QedImage.Open(new OverlappingRuns()).File, null, patience.Token);

        Assert.Equal((OverlappingRuns.Count - 1, 0, OverlappingRuns.Count * OverlappingRuns.Clusters), (check.CorruptionCount, check.LeakedClusters, check.AllocatedClusters));
        Assert.All(
            check.Corruptions,
            corruption => Assert.Equal((QedCorruptionKind.DataAndData, OverlappingRuns.Clusters - 1), (corruption.Kind, corruption.L2Index % OverlappingRuns.Clusters)));
    }

    private static void AssertSame(CheckModel expected, QedCheckResult found)
    {
        Assert.Equal(expected.Corruptions.Take(1000), found.Corruptions);
        Assert.Equal(expected.Corruptions.Count, found.CorruptionCount);
        Assert.Equal(expected.Status, found.Status);
        Assert.Equal(
            (expected.Total, expected.Allocated, expected.Zero, expected.Fragmented, expected.Leaked, expected.End),
            (found.TotalClusters, found.AllocatedClusters, found.ZeroClusters, found.FragmentedClusters, found.LeakedClusters, found.ImageEndOffset));
    }

    private sealed class Recorder : IProgress<OperationProgress>
    {
        public List<OperationProgress> Reports { get; } = [];

        public Action<OperationProgress>? After { get; init; }

        public void Report(OperationProgress value)
        {
            Reports.Add(value);
            After?.Invoke(value);
        }
    }

    // An image with two runs of contiguous clusters in each table. The last cluster of each run is the first one of the run before.
    private sealed class OverlappingRuns : ForwardingStorage
    {
        public const int Count = 1024;
        public const long Clusters = 65536;

        private const int ClusterSize = 65536;
        private const int TableSize = 16;
        private const long FirstTable = 1 + TableSize;
        private const long EndOfTables = FirstTable + (Count / 2 * TableSize);
        private const long FirstRun = EndOfTables + ((Count - 1) * (Clusters - 1));

        public OverlappingRuns()
            : base(new MemoryStorage())
        {
            byte[] header = new byte[HandMadeHeader.NameOffset];
            HandMadeHeader.WriteTo(header, ClusterSize, TableSize, Count * Clusters * ClusterSize);
            Inner.Write(0, header);
            for (int table = 0; table < Count / 2; table++)
            {
                Inner.Write(ClusterSize + (table * sizeof(ulong)), BitConverter.GetBytes((FirstTable + (table * TableSize)) * ClusterSize));
            }

            Inner.SetLength((FirstRun + Clusters) * ClusterSize);
        }

        public override StorageRange RangeAt(long offset, long length) => new(length, IsHole: false);

        public override int Read(long offset, Span<byte> buffer)
        {
            if (offset < FirstTable * ClusterSize || offset >= EndOfTables * ClusterSize)
            {
                return base.Read(offset, buffer);
            }

            long entry = (offset - (FirstTable * ClusterSize)) / sizeof(ulong);
            foreach (ref ulong value in MemoryMarshal.Cast<byte, ulong>(buffer))
            {
                value = (ulong)(FirstRun - (entry / Clusters * (Clusters - 1)) + (entry % Clusters)) * ClusterSize;
                entry++;
            }

            return buffer.Length;
        }
    }
}
