using System;
using System.Buffers.Binary;
using System.IO;
using System.Linq;
using System.Threading;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Operations;

/// <summary>
/// Clusters that are scattered over the disk and lie together in the file are shared together. The images are written by hand from the
/// specification, so that the order of their clusters is known.
/// </summary>
public sealed class ScatteredSharingTests
{
    private const int Cluster = 4096;

    public static TheoryData<string> Kinds => SharingFolder.Kinds;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("out.qed")]
    [InlineData("out.qcow2")]
    public void What_is_together_in_the_file_is_shared_at_once(string target)
    {
        using SharingFolder folder = new(SharingFolder.Simulated);
        byte[] expected = Write(folder.PathOf("in.qed"), Cluster, Cluster * 500, Shuffled(new Random(1), 500, 200));
        int before = folder.Calls;
        folder.Do(() => DiskConversion.Run(
            folder.PathOf("in.qed"), folder.PathOf(target), new DiskConversionOptions { ClusterSize = Cluster, Verify = true }, progress: null, Cancellation));

        // One range of the file has all of the data.
        Assert.Equal(1, folder.Calls - before);
        RequireEqual(expected, folder.PathOf(target));
    }

    [Fact]
    public void A_target_that_has_its_data_in_the_order_of_the_disk_gets_each_extent()
    {
        using SharingFolder folder = new(SharingFolder.Simulated);
        int[] order = Shuffled(new Random(2), 500, 200);
        byte[] expected = Write(folder.PathOf("in.qed"), Cluster, Cluster * 500, order);
        folder.Do(() => DiskConversion.Run(folder.PathOf("in.qed"), folder.PathOf("out.raw"), new DiskConversionOptions(), progress: null, Cancellation));
        int extents = Enumerable.Range(0, order.Length).Count(i => Array.IndexOf(order, order[i] - 1) is var before && (before < 0 || before != i - 1));
        Assert.Equal(extents, folder.Calls);
        Assert.Equal(expected, DiskBytes.OfFile(folder.PathOf("out.raw")));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Random_images_read_the_same(string kind)
    {
        using SharingFolder folder = new(kind);
        Seeded.Run(71, kind == SharingFolder.Simulated ? 60 : 25, random =>
        {
            int cluster = random.Pick(4096, 8192, 65536);
            int clusters = random.Next(20, 200);
            long length = ((long)clusters * cluster) - (random.Next(2) * 512 * random.Next(1, 8));
            byte[] expected = Write(folder.PathOf("in.qed"), cluster, length, Shuffled(random, clusters, random.Next(16, clusters)), random);
            string target = random.Pick("out.qed", "out.qcow2");
            folder.Refuses = random.Next(4) == 0 ? _ => random.Next(3) == 0 : null;
            folder.Do(() => DiskConversion.Run(
                folder.PathOf("in.qed"),
                folder.PathOf(target),
                new DiskConversionOptions { ClusterSize = random.Pick(4096, 8192, 65536), Replace = true, ScanZeroes = random.Next(4) == 0 },
                progress: null,
                Cancellation));
            RequireEqual(expected, folder.PathOf(target));
        });
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_merge_into_an_image_that_has_some_of_the_clusters_reads_the_same(string kind)
    {
        using SharingFolder folder = new(kind);
        Seeded.Run(72, kind == SharingFolder.Simulated ? 40 : 15, random =>
        {
            int clusters = random.Next(40, 300);
            byte[] below = Write(folder.PathOf("base.qed"), Cluster, clusters * (long)Cluster, Shuffled(random, clusters, random.Next(clusters / 8)));
            int[] order = Shuffled(random, clusters, random.Next(20, clusters));
            byte[] expected = Write(folder.PathOf("top.qed"), Cluster, clusters * (long)Cluster, order, backing: "base.qed");
            foreach (int other in Enumerable.Range(0, clusters).Except(order))
            {
                below.AsSpan(other * Cluster, Cluster).CopyTo(expected.AsSpan(other * Cluster));
            }

            folder.Refuses = random.Next(4) == 0 ? _ => random.Next(3) == 0 : null;
            QedMergeResult result = folder.Do(() => DiskMerge.Run(folder.PathOf("top.qed"), new DiskMergeOptions(), progress: null, Cancellation));
            Assert.Equal(order.Length * (long)Cluster, result.BytesMerged);
            RequireEqual(expected, folder.PathOf("base.qed"));
            RequireEqual(expected, folder.PathOf("top.qed"));
        });
    }

    [Fact]
    public void A_stopped_merge_leaves_both_images_as_they_were()
    {
        using SharingFolder folder = new(SharingFolder.Simulated);
        byte[] below = Write(folder.PathOf("base.qed"), Cluster, Cluster * 500, []);
        byte[] expected = Write(folder.PathOf("top.qed"), Cluster, Cluster * 500, Shuffled(new Random(3), 500, 200), backing: "base.qed", gapAfter: 20);
        using CancellationTokenSource stop = new();
        folder.Refuses = _ =>
        {
            stop.Cancel();
            return false;
        };
        Assert.Throws<OperationCanceledException>(() =>
            folder.Do(() => DiskMerge.Run(folder.PathOf("top.qed"), new DiskMergeOptions(), progress: null, stop.Token)));
        Assert.Equal(1, folder.Calls);
        RequireEqual(below, folder.PathOf("base.qed"));
        Assert.Equal(expected, DiskBytes.OfFile(folder.PathOf("top.qed")));
    }

    [Fact]
    public void An_image_in_which_two_entries_have_one_cluster_becomes_a_sound_one()
    {
        using SharingFolder folder = new(SharingFolder.Simulated);
        int[] order = Shuffled(new Random(4), 100, 50);
        byte[] expected = Write(folder.PathOf("in.qed"), Cluster, Cluster * 100, order);
        using (FileStream file = File.Open(folder.PathOf("in.qed"), FileMode.Open))
        {
            // The first cluster's entry becomes that of the last one.
            byte[] entry = new byte[sizeof(long)];
            file.Position = EntryOffset(order[^1]);
            file.ReadExactly(entry);
            file.Position = EntryOffset(order[0]);
            file.Write(entry);
        }

        expected.AsSpan(order[^1] * Cluster, Cluster).CopyTo(expected.AsSpan(order[0] * Cluster));
        folder.Do(() => DiskConversion.Run(
            folder.PathOf("in.qed"), folder.PathOf("out.qed"), new DiskConversionOptions { ClusterSize = Cluster, Verify = true }, progress: null, Cancellation));
        RequireEqual(expected, folder.PathOf("out.qed"));
    }

    private static void RequireEqual(byte[] expected, string path)
    {
        byte[] found = DiskBytes.OfFile(path);
        Assert.True(expected.AsSpan().SequenceEqual(found), $"'{Path.GetFileName(path)}' differs at {expected.AsSpan().CommonPrefixLength(found)} of {expected.Length}.");
        if (path.EndsWith("qed", StringComparison.Ordinal))
        {
            QedCheckResult check = ImageCheck.Run(path, new ImageCheckOptions(), progress: null, Cancellation);
            Assert.Equal((QedCheckStatus.Clean, false), (check.Status, check.NeedsCheck));
        }
        else if (Qemu.IsInstalled)
        {
            Qemu.Img("check", path);
        }
    }

    // The clusters of the disk that have data, in the order in which they lie in the file.
    private static int[] Shuffled(Random random, int clusters, int count)
    {
        int[] order = [.. Enumerable.Range(0, clusters)];
        random.Shuffle(order);
        return order[..count];
    }

    private static long EntryOffset(int cluster) => (2L * Cluster) + (cluster * sizeof(long));

    // QED specification: the header, an L1 table and an L2 table of one cluster each, and the data. Unlisted clusters are unallocated or, at random, zero.
    private static byte[] Write(string path, int cluster, long length, int[] order, Random? random = null, string? backing = null, int? gapAfter = null)
    {
        byte[] disk = new byte[length];
        byte[] file = new byte[(3 + order.Length + (order.Length / (gapAfter ?? int.MaxValue))) * cluster];
        HandMadeHeader.WriteTo(file, cluster, tableSize: 1, length, backingName: backing);
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(cluster), 2L * cluster);
        Span<byte> entries = file.AsSpan(2 * cluster, cluster);
        long end = 3L * cluster;
        foreach ((int number, int at) in order.Index())
        {
            end += gapAfter is { } after && number > 0 && number % after == 0 ? cluster : 0;
            Span<byte> data = file.AsSpan((int)end, cluster);
            new Random(at).NextBytes(data);
            int shown = (int)Math.Min(cluster, length - ((long)at * cluster));
            data.Slice(0, shown).CopyTo(disk.AsSpan(at * cluster));
            data.Slice(shown).Clear();
            BinaryPrimitives.WriteInt64LittleEndian(entries.Slice(at * sizeof(long)), end);
            end += cluster;
        }

        for (int at = 0; random is not null && at < disk.Length / cluster; at++)
        {
            if (random.Next(10) == 0 && Array.IndexOf(order, at) < 0)
            {
                BinaryPrimitives.WriteInt64LittleEndian(entries.Slice(at * sizeof(long)), 1);
            }
        }

        File.WriteAllBytes(path, file);
        return disk;
    }
}
