using System.Collections.Generic;
using QedTools.Disks;
using QedTools.Qed;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Qed.Metadata;

/// <summary>The page cache under the cluster map, tested through the map: correct answers and few reads.</summary>
public sealed class TableCacheTests
{
    // 16 MiB in pages of 4 KiB.
    private const int PagesInBudget = 4096;

    [Fact]
    public void Lookups_over_more_pages_than_the_cache_holds_are_correct() => Seeded.Run(5000, 1, random =>
    {
        (ImageSketch sketch, List<long> clusters) = ImageWithPages(6000);
        MeteredStorage storage = new(sketch.Storage);
        using QedImage image = QedImage.Open(storage);
        IDisk disk = image.ToDisk(null);
        for (int i = 0; i < 40_000; i++)
        {
            int which = random.Next(clusters.Count);
            DiskExtent extent = disk.ExtentAt(clusters[which] * 4096, 4096);

            Assert.Equal(QedExtentState.Data, extent.State);
            Assert.Equal(DataOf(sketch, which), extent.FileOffset);
        }

        Assert.InRange(storage.Reads, clusters.Count, 40_000 * 6 / 10);
    });

    [Fact]
    public void Tables_that_fit_are_read_once()
    {
        (ImageSketch sketch, List<long> clusters) = ImageWithPages(PagesInBudget - 100);
        MeteredStorage storage = new(sketch.Storage);
        using QedImage image = QedImage.Open(storage);
        IDisk disk = image.ToDisk(null);
        storage.Reset();
        for (int round = 0; round < 3; round++)
        {
            for (int i = 0; i < clusters.Count; i++)
            {
                Assert.Equal(DataOf(sketch, i), disk.ExtentAt(clusters[i] * 4096, 4096).FileOffset);
            }
        }

        Assert.InRange(storage.Reads, clusters.Count, clusters.Count + 16);
    }

    [Fact]
    public void A_table_in_constant_use_stays_cached_while_others_come_and_go()
    {
        // The cache holds 256 pages of 64 KiB, one per table; twenty times as many tables pass through.
        const int Tables = 20 * 256;
        ImageSketch sketch = new(65536, 1, Tables * 8192L * 65536);
        long data = sketch.Append(Tables);
        for (int i = 0; i < Tables; i++)
        {
            sketch.Map(i * 8192L, data + (i * 65536L));
        }

        MeteredStorage storage = new(sketch.Storage);
        using QedImage image = QedImage.Open(storage);
        IDisk disk = image.ToDisk(null);
        disk.ExtentAt(0, 65536);
        long again = 0;
        for (int i = 1; i < Tables; i++)
        {
            Assert.Equal(data + (i * 65536L), disk.ExtentAt(i * sketch.Span, 65536).FileOffset);
            storage.Reset();
            Assert.Equal(data, disk.ExtentAt(0, 65536).FileOffset);
            again += storage.Reads;
        }

        // First in, first out would read it and the L1 table again in each of the twenty rounds.
        Assert.InRange(again, 0, 6);
    }

    [Fact]
    public void No_more_pages_are_kept_than_fit_in_the_budget()
    {
        (ImageSketch sketch, List<long> clusters) = ImageWithPages(3 * PagesInBudget);
        MeteredStorage storage = new(sketch.Storage);
        using QedImage image = QedImage.Open(storage);
        IDisk disk = image.ToDisk(null);
        foreach (long cluster in clusters)
        {
            disk.ExtentAt(cluster * 4096, 4096);
        }

        // Backwards, so that the pages in the cache are found before they are dropped.
        storage.Reset();
        for (int i = clusters.Count - 1; i >= 0; i--)
        {
            Assert.Equal(DataOf(sketch, i), disk.ExtentAt(clusters[i] * 4096, 4096).FileOffset);
        }

        Assert.InRange(storage.Reads, clusters.Count - PagesInBudget, clusters.Count + 16);
    }

    // Tables of 16 pages of 4 KiB with one cluster in each page; the data offsets tell the pages apart.
    private static (ImageSketch Sketch, List<long> Clusters) ImageWithPages(int pages)
    {
        const int Entries = 8192;
        ImageSketch sketch = new(4096, 16, ((pages / 16) + 1L) * Entries * 4096);
        List<long> clusters = [];
        for (int page = 0; page < pages; page++)
        {
            clusters.Add((page * 512L) + (page * 7 % 512));
            sketch.Map(clusters[page], DataOf(sketch, page));
        }

        sketch.Append(pages);
        sketch.Storage.SetLength(DataOf(sketch, pages));
        return (sketch, clusters);
    }

    private static long DataOf(ImageSketch sketch, int page) => (1L << 32) + (page * (long)sketch.ClusterSize);
}
