using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using QedTools.Storage.Native;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Operations;

/// <summary>What is shared instead of copied reads like a copy, and takes no space on file systems that share blocks.</summary>
public sealed class SharedBlocksTests(ITestOutputHelper output)
{
    private const int Cluster = 64 << 10;
    private const int DiskBytes = 24 << 20;

    private static readonly string[] Targets = ["out.raw", "out.qed", "out.vhdx", "out.vhd", "out.qcow2", "out.vdi", "out.vmdk"];

    public static TheoryData<string> Kinds => SharingFolder.Kinds;

    private static System.Threading.CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_conversion_to_any_format_shares_its_data(string kind)
    {
        using SharingFolder folder = new(kind);
        byte[] expected = MakeQed(folder, "in.qed", seed: 1);
        long data = expected.Chunk(Cluster).Count(cluster => cluster.Any(value => value != 0)) * (long)Cluster;
        foreach (string target in Targets)
        {
            long before = folder.IsReal ? folder.UsedBytes() : 0;
            List<string> decisions = [];
            folder.Do(() => DiskConversion.Run(
                folder.PathOf("in.qed"),
                folder.PathOf(target),
                new DiskConversionOptions { Verify = true, Trace = new OperationTrace { Decision = decisions.Add } },
                progress: null,
                Cancellation));

            Assert.Equal(expected, Support.DiskBytes.OfFile(folder.PathOf(target)));
            string shared = Assert.Single(decisions, decision => decision.Contains("share the blocks", StringComparison.Ordinal));
            Assert.Contains($": {ByteSize.FormatExact(data)} of its data", shared, StringComparison.Ordinal);
            if (folder.IsReal)
            {
                long more = folder.UsedBytes() - before;
                output.WriteLine($"{target}: {more} bytes more for {data} of data");
                Assert.True(more < data / 2, $"{target} takes {more} bytes for {data} of data.");
            }

            if (Qemu.IsInstalled)
            {
                Qemu.Img("compare", folder.PathOf("in.qed"), folder.PathOf(target));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_format_can_be_shared_from(string kind)
    {
        using SharingFolder folder = new(kind);
        byte[] expected = MakeQed(folder, "in.qed", seed: 2);
        foreach (string source in Targets)
        {
            DiskConversion.Run(folder.PathOf("in.qed"), folder.PathOf(source), new DiskConversionOptions { FullyAllocated = source.EndsWith("raw", StringComparison.Ordinal) }, progress: null, Cancellation);
            List<string> decisions = [];
            folder.Do(() => DiskConversion.Run(
                folder.PathOf(source),
                folder.PathOf("back.qed"),
                new DiskConversionOptions { Verify = true, Replace = true, Trace = new OperationTrace { Decision = decisions.Add } },
                progress: null,
                Cancellation));

            Assert.Equal(expected, Support.DiskBytes.OfFile(folder.PathOf("back.qed")));
            Assert.Contains(decisions, decision => decision.Contains("share the blocks", StringComparison.Ordinal));
            Assert.Equal(QedCheckStatus.Clean, ImageCheck.Run(folder.PathOf("back.qed"), new ImageCheckOptions(), progress: null, Cancellation).Status);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Random_disks_of_odd_extents_read_the_same(string kind)
    {
        using SharingFolder folder = new(kind);
        Seeded.Run(31, kind == SharingFolder.Simulated ? 40 : 12, random =>
        {
            // A raw file with data at any byte, so that heads and tails cannot be shared.
            byte[] expected = new byte[random.Next(1, 3 << 20)];
            for (int i = random.Next(12); i > 0; i--)
            {
                int start = random.Next(expected.Length);
                random.NextBytes(expected.AsSpan(start, Math.Min(expected.Length - start, random.Pick(1, 511, 4096, 5000, 70_000, 300_000))));
            }

            WriteSparse(folder.PathOf("in.raw"), expected);
            string target = random.Pick(Targets);
            folder.Refuses = random.Next(3) == 0 ? _ => random.Next(4) == 0 : null;
            folder.Do(() => DiskConversion.Run(
                folder.PathOf("in.raw"),
                folder.PathOf(target),
                new DiskConversionOptions
                {
                    Replace = true,
                    ClusterSize = target.EndsWith("qed", StringComparison.Ordinal) ? random.Pick(4096, 8192, 65536, 1 << 20)
                        : target.EndsWith("qcow2", StringComparison.Ordinal) ? random.Pick(512, 4096, 65536) : null,
                },
                progress: null,
                Cancellation));

            byte[] found = Support.DiskBytes.OfFile(folder.PathOf(target));
            Assert.True(expected.AsSpan().SequenceEqual(found.AsSpan(0, expected.Length)), $"in.raw to {target} differs.");
            Assert.True(found.AsSpan(expected.Length).IndexOfAnyExcept((byte)0) < 0, target);
        });
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_merge_shares_and_leaves_a_sound_backing_file(string kind)
    {
        using SharingFolder folder = new(kind);
        byte[] expected = MakeQed(folder, "base.qed", seed: 3);
        DiskConversion.Run(folder.PathOf("base.qed"), folder.PathOf("base.raw"), new DiskConversionOptions(), progress: null, Cancellation);
        foreach (string below in new[] { "base.qed", "base.raw" })
        {
            string top = $"over {below}.qed";
            byte[] more = MakeQed(folder, top, seed: 4, backing: below, under: expected);
            long data = DiskMerge.Plan(folder.PathOf(top), new DiskMergeOptions(), Cancellation).BytesMerged;
            List<string> decisions = [];
            long before = folder.IsReal ? folder.UsedBytes() : 0;
            QedMergeResult result = folder.Do(() => DiskMerge.Run(
                folder.PathOf(top), new DiskMergeOptions { Keep = true, Trace = new OperationTrace { Decision = decisions.Add } }, progress: null, Cancellation));

            Assert.Equal(data, result.BytesMerged);
            Assert.Equal(more, Support.DiskBytes.OfFile(folder.PathOf(below)));
            Assert.Contains(decisions, decision => decision.Contains("share the blocks", StringComparison.Ordinal));
            if (below == "base.qed")
            {
                Assert.Equal(QedCheckStatus.Clean, ImageCheck.Run(folder.PathOf(below), new ImageCheckOptions(), progress: null, Cancellation).Status);
            }

            if (folder.IsReal)
            {
                Assert.True(folder.UsedBytes() - before < data / 2, $"{folder.UsedBytes() - before} bytes more for {data}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Contents_that_are_preserved_are_shared(string kind)
    {
        using SharingFolder folder = new(kind);
        byte[] old = MakeQed(folder, "base.qed", seed: 5);
        MakeQed(folder, "other.qed", seed: 7);
        foreach (string? backing in new[] { "other.qed", null })
        {
            byte[] expected = MakeQed(folder, "top.qed", seed: 6, backing: "base.qed", under: old);
            List<string> decisions = [];
            folder.Do(() => BackingFileChange.Run(
                folder.PathOf("top.qed"),
                new BackingFileChangeOptions { BackingFile = backing, PreserveContent = true, Trace = new OperationTrace { Decision = decisions.Add } },
                progress: null,
                Cancellation));

            Assert.Equal(expected, Support.DiskBytes.OfFile(folder.PathOf("top.qed")));
            Assert.Contains(decisions, decision => decision.Contains("share the blocks", StringComparison.Ordinal));
            Assert.Equal(QedCheckStatus.Clean, ImageCheck.Run(folder.PathOf("top.qed"), new ImageCheckOptions(), progress: null, Cancellation).Status);
        }
    }

    [Theory]
    [InlineData("xfs")]
    [InlineData("btrfs")]
    public void The_result_says_what_the_closed_file_takes(string kind)
    {
        using SharingFolder folder = new(kind);

        // Large enough for XFS to keep room beyond the end of a file that grows.
        File.WriteAllBytes(folder.PathOf("in.raw"), Support.DiskBytes.Random(17, DiskBytes));
        DiskConversion.Run(folder.PathOf("in.raw"), folder.PathOf("in.qed"), new DiskConversionOptions(), progress: null, Cancellation);
        foreach (string name in new[] { "in.qed", "in.raw" })
        {
            foreach (string target in Targets)
            {
                QedImageInfo info = DiskConversion.Run(
                    folder.PathOf(name), folder.PathOf(target), new DiskConversionOptions { Replace = true, ScanZeroes = true }, progress: null, Cancellation);
                Assert.True(info.DiskUsage <= info.FileSize + (1 << 20), $"{name} to {target}: {info.DiskUsage} of {info.FileSize} bytes");
            }
        }
    }

    [Fact]
    public void What_is_refused_once_is_not_tried_for_each_extent()
    {
        using SharingFolder folder = new(SharingFolder.Simulated);
        byte[] expected = MakeQed(folder, "in.qed", seed: 8);
        folder.Refuses = _ => true;
        folder.Do(() => DiskConversion.Run(folder.PathOf("in.qed"), folder.PathOf("out.raw"), new DiskConversionOptions(), progress: null, Cancellation));
        Assert.Equal(expected, Support.DiskBytes.OfFile(folder.PathOf("out.raw")));
        Assert.Equal(1, folder.Calls);
    }

    [Theory]
    [InlineData("xfs")]
    [InlineData("btrfs")]
    public void A_file_system_that_cannot_share_with_another_copies(string kind)
    {
        using SharingFolder folder = new(kind);
        using TempFolder elsewhere = new();
        byte[] expected = MakeQed(folder, "in.qed", seed: 9);
        List<string> decisions = [];
        DiskConversion.Run(
            folder.PathOf("in.qed"),
            elsewhere.PathOf("out.raw"),
            new DiskConversionOptions { Trace = new OperationTrace { Decision = decisions.Add } },
            progress: null,
            Cancellation);
        Assert.Equal(expected, Support.DiskBytes.OfFile(elsewhere.PathOf("out.raw")));
        Assert.DoesNotContain(decisions, decision => decision.Contains("share the blocks", StringComparison.Ordinal));
    }

    [Fact]
    public void A_file_without_checksums_cannot_share_with_one_that_has_them_and_is_copied()
    {
        using SharingFolder folder = new("btrfs");
        byte[] expected = MakeQed(folder, "in.qed", seed: 10);
        string plain = folder.PathOf("plain");
        Directory.CreateDirectory(plain);
        Assert.SkipUnless(Qemu.IsOnPath("chattr"), "chattr is not installed (Debian: e2fsprogs)");
        Assert.Equal(0, Qemu.Run("chattr", "+C", plain).Code);
        List<string> decisions = [];
        DiskConversion.Run(
            folder.PathOf("in.qed"),
            Path.Combine(plain, "out.raw"),
            new DiskConversionOptions { Trace = new OperationTrace { Decision = decisions.Add } },
            progress: null,
            Cancellation);
        Assert.Equal(expected, Support.DiskBytes.OfFile(Path.Combine(plain, "out.raw")));
        Assert.DoesNotContain(decisions, decision => decision.Contains("share the blocks", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("xfs")]
    [InlineData("btrfs")]
    public void An_immutable_source_can_be_shared_from(string kind)
    {
        using SharingFolder folder = new(kind);
        byte[] expected = MakeQed(folder, "in.qed", seed: 11);
        Assert.SkipUnless(Qemu.IsOnPath("chattr"), "chattr is not installed (Debian: e2fsprogs)");
        Assert.Equal(0, Qemu.Run("chattr", "+i", folder.PathOf("in.qed")).Code);
        DiskConversion.Run(folder.PathOf("in.qed"), folder.PathOf("out.raw"), new DiskConversionOptions(), progress: null, Cancellation);
        Assert.Equal(expected, Support.DiskBytes.OfFile(folder.PathOf("out.raw")));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_fully_allocated_file_has_its_space_for_itself(string kind)
    {
        using SharingFolder folder = new(kind);
        byte[] expected = MakeQed(folder, "in.qed", seed: 12);
        List<string> decisions = [];
        folder.Do(() => DiskConversion.Run(
            folder.PathOf("in.qed"),
            folder.PathOf("out.raw"),
            new DiskConversionOptions { FullyAllocated = true, Trace = new OperationTrace { Decision = decisions.Add } },
            progress: null,
            Cancellation));
        Assert.Equal(expected, Support.DiskBytes.OfFile(folder.PathOf("out.raw")));
        Assert.DoesNotContain(decisions, decision => decision.Contains("share the blocks", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Zeroes_in_shared_data_are_found_only_on_request(string kind)
    {
        using SharingFolder folder = new(kind);
        byte[] contents = MakeQed(folder, "in.qed", seed: 14);
        using (DiskStream stream = DiskOpening.Run(folder.PathOf("in.qed"), new DiskOpeningOptions { Writable = true }, progress: null, Cancellation))
        {
            stream.Write(contents.AsSpan(0, DiskBytes / 2));
            stream.Position = 0;
            stream.Write(new byte[DiskBytes / 2]);
        }

        contents.AsSpan(0, DiskBytes / 2).Clear();
        long StoredIn(bool scanZeroes)
        {
            List<string> decisions = [];
            folder.Do(() => DiskConversion.Run(
                folder.PathOf("in.qed"),
                folder.PathOf("out.qed"),
                new DiskConversionOptions { Replace = true, ScanZeroes = scanZeroes, Trace = new OperationTrace { Decision = decisions.Add } },
                progress: null,
                Cancellation));
            Assert.Equal(contents, Support.DiskBytes.OfFile(folder.PathOf("out.qed")));
            Assert.Contains(decisions, decision => decision.Contains("share the blocks", StringComparison.Ordinal));
            return ImageCheck.Run(folder.PathOf("out.qed"), new ImageCheckOptions(), progress: null, Cancellation).AllocatedClusters;
        }

        long zeroes = StoredIn(scanZeroes: false) - StoredIn(scanZeroes: true);
        Assert.Equal(DiskBytes / 2 / Cluster, zeroes);
    }

    [Theory]
    [InlineData("xfs")]
    [InlineData("btrfs")]
    public void A_disk_that_would_not_fit_as_a_copy_is_not_refused(string kind)
    {
        using SharingFolder folder = new(kind);
        long free = new DriveInfo(folder.Path).AvailableFreeSpace;
        byte[] piece = Support.DiskBytes.Random(15, 1 << 20);
        using (FileStream file = File.Create(folder.PathOf("in.raw")))
        {
            while (file.Length < free * 2 / 3)
            {
                file.Write(piece);
            }
        }

        folder.UsedBytes(); // some file systems account for it only now
        DiskConversionPlan plan = DiskConversion.Plan(folder.PathOf("in.raw"), folder.PathOf("out.vhdx"), new DiskConversionOptions(), Cancellation);
        Assert.True(plan.RequiredBytes > plan.AvailableBytes, $"{plan.RequiredBytes} bytes are needed, {plan.AvailableBytes} are free.");
        DiskConversion.Run(folder.PathOf("in.raw"), folder.PathOf("out.vhdx"), new DiskConversionOptions { Verify = true }, progress: null, Cancellation);
        Assert.Throws<QedDiskFullException>(() => DiskConversion.Run(
            folder.PathOf("in.raw"), folder.PathOf("more.raw"), new DiskConversionOptions { FullyAllocated = true }, progress: null, Cancellation));
        Assert.False(File.Exists(folder.PathOf("more.raw")));
    }

    [Theory]
    [InlineData("xfs")]
    [InlineData("btrfs")]
    public void Asking_whether_sharing_is_possible_changes_nothing_even_if_the_source_grows(string kind)
    {
        using SharingFolder folder = new(kind);
        File.WriteAllBytes(folder.PathOf("source"), Support.DiskBytes.Random(16, 4 * Cluster));
        using Microsoft.Win32.SafeHandles.SafeFileHandle source = File.OpenHandle(folder.PathOf("source"));
        using Microsoft.Win32.SafeHandles.SafeFileHandle target = File.OpenHandle(folder.PathOf("target"), FileMode.CreateNew, FileAccess.ReadWrite);
        Assert.True(BlockSharing.IsPossible(source, 4 * Cluster, target, "target"));
        Assert.False(BlockSharing.IsPossible(source, 3 * Cluster, target, "target"));
        Assert.Equal(0, RandomAccess.GetLength(target));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void The_source_and_the_result_are_independent(string kind)
    {
        using SharingFolder folder = new(kind);
        byte[] expected = MakeQed(folder, "in.qed", seed: 13);
        folder.Do(() => DiskConversion.Run(folder.PathOf("in.qed"), folder.PathOf("out.qed"), new DiskConversionOptions(), progress: null, Cancellation));
        using (DiskStream stream = DiskOpening.Run(folder.PathOf("in.qed"), new DiskOpeningOptions { Writable = true }, progress: null, Cancellation))
        {
            stream.Write(Support.DiskBytes.Random(99, DiskBytes / 2));
        }

        Assert.Equal(expected, Support.DiskBytes.OfFile(folder.PathOf("out.qed")));
    }

    // A disk with scattered clusters of data; one of them is only zeroes, which are not looked for in what is shared.
    private static byte[] MakeQed(SharingFolder folder, string name, int seed, string? backing = null, byte[]? under = null)
    {
        byte[] contents = under is null ? new byte[DiskBytes] : [.. under];
        string path = folder.PathOf(name);
        ImageCreation.Run(path, new ImageCreationOptions { SizeBytes = DiskBytes, BackingFile = backing, Replace = true }, Cancellation);
        Random random = new(seed);
        using DiskStream stream = DiskOpening.Run(path, new DiskOpeningOptions { Writable = true }, progress: null, Cancellation);
        foreach (int cluster in Enumerable.Range(0, DiskBytes / Cluster).OrderBy(_ => random.Next()).Take(DiskBytes / Cluster / 3))
        {
            byte[] data = Support.DiskBytes.Random(unchecked((seed * 1000) + cluster), Cluster);
            stream.Position = cluster * (long)Cluster;
            stream.Write(data);
            data.CopyTo(contents, cluster * Cluster);
        }

        return contents;
    }

    private static void WriteSparse(string path, byte[] contents)
    {
        using FileStream file = File.Create(path);
        file.SetLength(contents.Length);
        for (int at = 0; at < contents.Length; at += 4096)
        {
            ReadOnlySpan<byte> page = contents.AsSpan(at, Math.Min(4096, contents.Length - at));
            if (page.IndexOfAnyExcept((byte)0) >= 0)
            {
                file.Position = at;
                file.Write(page);
            }
        }
    }
}
