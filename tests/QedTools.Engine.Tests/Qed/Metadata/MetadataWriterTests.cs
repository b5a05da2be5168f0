using System;
using System.Threading;
using System.Threading.Tasks;
using QedTools.Disks;
using QedTools.Interchange.Raw;
using QedTools.Qed;
using QedTools.Qed.Checking;
using QedTools.Tests.DataPlane;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Qed.Metadata;

public sealed class MetadataWriterTests
{
    // 16 MiB of pages hold the entries of 128 GiB in clusters of 64 KiB, and of 8 GiB in clusters of 4 KiB.
    [Theory]
    [InlineData(65536, 4, 160L << 30)]
    public async Task Zeroing_more_than_the_cached_tables_map_finishes(int clusterSize, int tableSize, long size)
    {
        (QedImage image, IDisk disk) = OpenOverlay(clusterSize, tableSize, size, size);
        await FinishesAsync(() => disk.Zero(0, size));

        AssertZeroes(disk, size);
        image.Dispose();
    }

    [Theory]
    [InlineData(4096, 4, 12L << 30)]
    public async Task Growing_over_more_of_a_backing_disk_than_the_cached_tables_map_finishes(int clusterSize, int tableSize, long size)
    {
        MemoryStorage raw = new("lower.raw");
        raw.SetLength(size);
        QedImage image = new ImageSketch(clusterSize, tableSize, 0, backingName: "lower.raw").Open();
        image.BeginWriting(null, CancellationToken.None);
        IDisk disk = image.ToDisk(new RawDisk(new SolidStorage(raw)));
        await FinishesAsync(() => disk.SetLength(size));

        Assert.Equal(size, disk.Length);
        AssertZeroes(disk, size);
        image.Dispose();
    }

    [Fact]
    public async Task Packing_clusters_of_more_table_pages_than_the_cache_holds_finishes()
    {
        // One data cluster in each of 300 pages, which the end of the session moves into the space of 400 freed clusters.
        const int Clusters = 400;
        const long PerPage = 8192;
        ImageSketch sketch = new(65536, 4, 310 * PerPage * 65536);
        long data = sketch.Append(Clusters);
        for (int i = 0; i < Clusters; i++)
        {
            sketch.Map(i, data + (i * 65536L));
        }

        for (int page = 1; page <= 300; page++)
        {
            sketch.Map(page * PerPage, sketch.Append(1));
        }

        QedImage image = sketch.Open();
        image.BeginWriting(null, CancellationToken.None);
        IDisk disk = image.ToDisk(null);
        disk.Zero(0, Clusters * 65536);
        await FinishesAsync(image.EndWriting);

        QedCheckResult result = ImageChecker.Check(image.File, null, CancellationToken.None);
        Assert.Equal(QedCheckStatus.Clean, result.Status);
        Assert.Equal(300, result.AllocatedClusters);
        Assert.Equal(sketch.Storage.Length, result.ImageEndOffset);
    }

    private static (QedImage Image, IDisk Disk) OpenOverlay(int clusterSize, int tableSize, long size, long backingSize)
    {
        IDisk lower = new ImageSketch(clusterSize, tableSize, backingSize).Open().ToDisk(null);
        QedImage image = new ImageSketch(clusterSize, tableSize, size, backingName: "lower.qed").Open();
        image.BeginWriting(null, CancellationToken.None);
        return (image, image.ToDisk(lower));
    }

    // The failure that these tests look for is an endless loop.
    private static async Task FinishesAsync(Action action)
    {
        Task task = Task.Run(action, TestContext.Current.CancellationToken);
        bool hasFinished = await Task.WhenAny(task, Task.Delay(Patience.Limit, TestContext.Current.CancellationToken)) == task;
        Assert.True(hasFinished, "It does not finish");
        await task;
    }

    private static void AssertZeroes(IDisk disk, long size)
    {
        Assert.Equal(
            [new DiskExtent(0, size, QedExtentState.Zero, 0, 0)],
            ExtentWalk.Over(disk, 0, size, CancellationToken.None));
    }
}
