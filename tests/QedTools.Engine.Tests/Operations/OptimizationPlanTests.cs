using System;
using System.IO;
using System.Threading;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Operations;

/// <summary>What a plan says of an optimization, checked against the optimization itself.</summary>
public sealed class OptimizationPlanTests : IDisposable
{
    private const int ClusterSize = 4096;

    private readonly TempFolder _folder = new();

    public static TheoryData<int> Some => Seeds.Take(40);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Some))]
    public void A_plan_says_what_is_freed_and_how_long_the_file_becomes(int seed)
    {
        Random random = new(seed);
        string path = _folder.PathOf("disk.qed");
        bool hasBase = random.Next(2) == 0;
        long size = (ClusterSize * random.Next(1, 900)) - (512 * random.Next(8));
        ImageCreationOptions options = new() { SizeBytes = size, ClusterSize = ClusterSize, TableSize = 1 << random.Next(3) };
        if (hasBase)
        {
            File.WriteAllBytes(_folder.PathOf("base.raw"), new byte[size]);
            options = options with { BackingFile = "base.raw", BackingFormat = QedBackingFormat.Raw };
        }

        ImageCreation.Run(path, options, Cancellation);
        Fill(path, size, random);
        AddToTheEnd(path, random);
        ImageOptimizationOptions wanted = new() { AgainstBackingFile = hasBase && random.Next(2) == 0, PlansSize = true };

        QedCheckResult check = ImageCheck.Run(path, new ImageCheckOptions(), cancellation: Cancellation);
        byte[] before = File.ReadAllBytes(path);
        byte[] contents = DiskBytes.OfFile(path);
        ImageOptimizationPlan plan = ImageOptimization.Plan(path, wanted, cancellation: Cancellation);
        Assert.Equal(before, File.ReadAllBytes(path));
        QedOptimizeResult result = ImageOptimization.Run(path, wanted, cancellation: Cancellation);

        Assert.Equal(contents, DiskBytes.OfFile(path));
        Assert.Equal(new FileInfo(path).Length, result.FileSizeAfter);
        Assert.Equal(
            (check.LeakedClusters, result.ZeroedClusters, result.DroppedClusters, result.FileSizeBefore, result.FileSizeAfter),
            (plan.Check.LeakedClusters, plan.ZeroedClusters, plan.DroppedClusters, plan.FileSizeBefore, plan.FileSizeAfter));
        if (result.ZeroedClusters + result.DroppedClusters == 0)
        {
            Assert.Equal(result.FileSizeBefore - result.FileSizeAfter, check.ReclaimableBytes);
        }
    }

    // Whichever entry of a table is the only one: a table without any is removed, one with any is not.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(511)]
    public void A_table_that_maps_nothing_is_removed_and_one_with_a_single_entry_is_kept(int entry)
    {
        const int EntriesPerTable = ClusterSize / 8;
        string path = _folder.PathOf("disk.qed");
        ImageCreation.Run(path, new ImageCreationOptions { SizeBytes = 3L * EntriesPerTable * ClusterSize, ClusterSize = ClusterSize, TableSize = 1 }, Cancellation);
        byte[] data = DiskBytes.Random(1, ClusterSize);
        using (DiskStream disk = DiskOpening.Run(path, new DiskOpeningOptions { Writable = true }, cancellation: Cancellation))
        {
            foreach (int table in new[] { 0, 2 })
            {
                disk.Position = ((table * EntriesPerTable) + entry) * (long)ClusterSize;
                disk.Write(data);
            }

            disk.Position = entry * (long)ClusterSize;
            disk.Write(new byte[ClusterSize]);
        }

        ImageOptimizationPlan plan = ImageOptimization.Plan(path, new ImageOptimizationOptions { PlansSize = true }, cancellation: Cancellation);
        byte[] contents = DiskBytes.OfFile(path);
        QedOptimizeResult result = ImageOptimization.Run(path, new ImageOptimizationOptions(), cancellation: Cancellation);

        // The header, the L1 table, and the other table with its cluster.
        Assert.Equal((4L * ClusterSize, 4L * ClusterSize), (result.FileSizeAfter, plan.FileSizeAfter));
        Assert.Equal(contents, DiskBytes.OfFile(path));
        Assert.Equal((QedCheckStatus.Clean, 0L), (ImageCheck.Run(path, new ImageCheckOptions(), cancellation: Cancellation) is var check ? check.Status : default, check.ReclaimableBytes));
    }

    // A part of a cluster that nothing refers to is no leak, so the file is not packed.
    [Fact]
    public void A_plan_knows_that_a_cluster_cut_off_at_the_end_gives_nothing_back()
    {
        string path = _folder.PathOf("disk.qed");
        ImageCreation.Run(path, new ImageCreationOptions { SizeBytes = 10 * ClusterSize, ClusterSize = ClusterSize }, Cancellation);
        using (Stream disk = DiskOpening.Run(path, new DiskOpeningOptions { Writable = true }, cancellation: Cancellation))
        {
            byte[] data = new byte[2 * ClusterSize];
            data.AsSpan(0, ClusterSize).Fill(1);
            disk.Write(data, 0, data.Length);
        }

        using (FileStream file = new(path, FileMode.Open))
        {
            file.SetLength(file.Length - 100);
        }

        ImageOptimizationPlan plan = ImageOptimization.Plan(path, new ImageOptimizationOptions { PlansSize = true }, cancellation: Cancellation);
        QedOptimizeResult result = ImageOptimization.Run(path, new ImageOptimizationOptions(), cancellation: Cancellation);
        Assert.Equal((1L, result.FileSizeBefore, result.FileSizeAfter), (result.ZeroedClusters, plan.FileSizeBefore, plan.FileSizeAfter));
        Assert.Equal(1, plan.ZeroedClusters);
    }

    [Fact]
    public void A_plan_that_only_looks_for_obstacles_reads_no_data()
    {
        string path = _folder.PathOf("disk.qed");
        ImageCreation.Run(path, new ImageCreationOptions { SizeBytes = 1 << 20 }, Cancellation);
        ImageOptimizationPlan plan = ImageOptimization.Plan(path, new ImageOptimizationOptions(), cancellation: Cancellation);
        Assert.Equal((null, null, null, null), (plan.ZeroedClusters, plan.DroppedClusters, plan.FileSizeBefore, plan.FileSizeAfter));
        Assert.Equal(0, plan.Check.ReclaimableBytes);
    }

    // The last cluster in the file can be one of zeroes.
    private static void Fill(string path, long size, Random random)
    {
        using Stream disk = DiskOpening.Run(path, new DiskOpeningOptions { Writable = true }, cancellation: Cancellation);
        byte[] data = new byte[ClusterSize];
        for (int i = random.Next(30); i >= 0; i--)
        {
            long at = random.NextInt64((size + ClusterSize - 1) / ClusterSize) * ClusterSize;
            Array.Fill(data, (byte)random.Next(2));
            disk.Position = at;
            disk.Write(data, 0, (int)Math.Min(ClusterSize, size - at));
        }
    }

    // Leaked clusters, and a part of one; or the last cluster in use loses up to a sector, which counts as whole.
    private static void AddToTheEnd(string path, Random random)
    {
        using FileStream file = new(path, FileMode.Open);
        switch (random.Next(4))
        {
            case 0:
                break;
            case 1:
                file.SetLength(file.Length - random.Next(1, 512));
                break;
            case 2:
                file.SetLength(file.Length + random.Next(1, ClusterSize));
                break;
            default:
                file.SetLength(file.Length + (ClusterSize * random.Next(1, 9)) + random.Next(ClusterSize));
                break;
        }
    }
}
