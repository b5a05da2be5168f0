using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using QedTools.Disks;
using QedTools.Interchange.Raw;
using QedTools.Operations;
using QedTools.Tests.Storage;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.DataPlane;

/// <summary>Conversions of whole disks.</summary>
public sealed class ConversionTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public static TheoryData<int> Some => Seeds.Take(6);

    /// <summary>Geometries, and whether to verify.</summary>
    public static TheoryData<long, int, bool> Options
    {
        get
        {
            TheoryData<long, int, bool> options = [];
            foreach (long clusterSize in new long[] { 4096, 65536, 1 << 20 })
            {
                foreach (int tableSize in new[] { 1, 4, 16 })
                {
                    options.Add(clusterSize, tableSize, tableSize == 4);
                }
            }

            return options;
        }
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_disk_survives_conversion_through_every_form_and_stays_as_sparse()
    {
        byte[] content = RawFiles.Scattered(At("a.raw"), 9_000_777, seed: 1, pieces: 300);
        Convert("a.raw", "b.qed", new DiskConversionOptions());
        byte[] changed = [.. content, .. new byte[Up(content.Length) - content.Length]];
        changed.AsSpan(100_000, 300_000).Clear();
        new Random(2).NextBytes(changed.AsSpan(2_000_000, 50_000));
        File.WriteAllBytes(At("changed.raw"), changed);

        Convert("changed.raw", "over.qed", new DiskConversionOptions { BackingFile = "b.qed", ClusterSize = 4096, Verify = true });
        Assert.Equal(changed, DiskBytes.OfFile(At("over.qed")));
        QedCheckResult check = ImageCheck.Run(At("over.qed"), new ImageCheckOptions(), progress: null, TestContext.Current.CancellationToken);
        Assert.InRange(check.AllocatedClusters, 12, 16);

        Convert("over.qed", "flat.qed", new DiskConversionOptions { ClusterSize = 8192, TableSize = 2 });
        Assert.Null(ImageInspection.Run(At("flat.qed"), new ImageInspectionOptions()).BackingFile);
        Convert("flat.qed", "back.raw", new DiskConversionOptions { Verify = true });
        Assert.Equal(changed, File.ReadAllBytes(At("back.raw")));
        Convert("b.qed", "again.img", new DiskConversionOptions());
        byte[] again = File.ReadAllBytes(At("again.img"));
        Assert.Equal(Up(content.Length), again.Length);
        Assert.Equal(content, again[..content.Length]);
        Assert.All(again[content.Length..], value => Assert.Equal(0, value));
        if (RawFiles.AreSparseIn(_folder.Path))
        {
            Assert.Equal(RawFiles.DataBytes(At("a.raw")), RawFiles.DataBytes(At("again.img")), 8192.0);
        }

        foreach (string image in new[] { "b.qed", "over.qed", "flat.qed" })
        {
            AssertClean(image);
        }
    }

    [Theory]
    [MemberData(nameof(Options))]
    public void Every_geometry_holds_the_same(long clusterSize, int tableSize, bool verify)
    {
        byte[] content = RawFiles.Scattered(At("a.raw"), 3_000_000 / 512 * 512, seed: tableSize, pieces: 20);
        QedImageInfo info = Convert("a.raw", "b.qed", new DiskConversionOptions { ClusterSize = clusterSize, TableSize = tableSize, Verify = verify });
        Assert.Equal(((int?)clusterSize, (int?)tableSize, content.Length), (info.ClusterSize, info.TableSize, (int)info.VirtualSize));
        Assert.Equal(At("b.qed"), info.Path);
        Assert.Equal(content, DiskBytes.OfFile(At("b.qed")));
        QedCheckResult check = AssertClean("b.qed");
        long used = Enumerable.Range(0, (int)((content.Length + clusterSize - 1) / clusterSize))
            .Count(i => content.AsSpan((int)(i * clusterSize), (int)Math.Min(clusterSize, content.Length - (i * clusterSize))).ContainsAnyExcept((byte)0));
        Assert.Equal(used, check.AllocatedClusters);

        // At most one for each table allocated in between.
        Assert.InRange(check.FragmentedClusters, 0, (content.Length / (clusterSize * clusterSize * tableSize / 8)) + 1);
    }

    [Theory]
    [MemberData(nameof(Some))]
    public void Any_disk_stays_the_same_in_any_form(int seed)
    {
        Random random = new(seed);
        int length = random.Next(1, 2_000_000);
        byte[] content = RawFiles.Scattered(At("a.raw"), length, seed, random.Next(30));
        byte[] below = RawFiles.Scattered(At("below.raw"), random.Next(1, 3_000_000), seed + 1, random.Next(30));
        byte[] expected = [.. content, .. new byte[Up(length) - length]];
        long clusterSize = 4096L << random.Next(5);
        Convert("below.raw", "below.qed", new DiskConversionOptions { ClusterSize = 4096L << random.Next(5) });
        foreach (string backing in new[] { "below.raw", "below.qed" })
        {
            string name = "over-" + backing + ".qed";
            Convert("a.raw", name, new DiskConversionOptions { BackingFile = backing, ClusterSize = clusterSize, Verify = random.Next(2) == 0 });
            Assert.Equal(expected, DiskBytes.OfFile(At(name)));
            AssertClean(name);
            Convert(name, name + ".raw", new DiskConversionOptions());
            Assert.Equal(expected, File.ReadAllBytes(At(name + ".raw")));
        }

        Assert.Equal(below, File.ReadAllBytes(At("below.raw")));
    }

    [Fact]
    public void Zeroes_in_dense_data_are_found()
    {
        byte[] content = new byte[64 * 4096];
        for (int cluster = 0; cluster < 64; cluster += 3)
        {
            content[(cluster * 4096) + (cluster * 17 % 4096)] = 1;
        }

        File.WriteAllBytes(At("dense.raw"), content);
        Convert("dense.raw", "b.qed", new DiskConversionOptions { ClusterSize = 4096 });
        Assert.Equal(22, AssertClean("b.qed").AllocatedClusters);

        // Over a backing file, only what differs is stored, and zeroes are stored as zero clusters.
        File.WriteAllBytes(At("full.raw"), [.. Enumerable.Repeat((byte)0x11, content.Length)]);
        Convert("dense.raw", "over.qed", new DiskConversionOptions { ClusterSize = 4096, BackingFile = "full.raw" });
        QedCheckResult check = AssertClean("over.qed");
        Assert.Equal((22, 42), (check.AllocatedClusters, check.ZeroClusters));
        Assert.Equal(content, DiskBytes.OfFile(At("over.qed")));

        // Zeroes stored in an image become holes.
        File.Copy(Fixture.PathOf("images/allocated-zeroes.qed"), At("stored.qed"));
        Convert("stored.qed", "stored.raw", new DiskConversionOptions());
        Assert.Equal(DiskBytes.OfFile(At("stored.qed")), File.ReadAllBytes(At("stored.raw")));
        if (RawFiles.AreSparseIn(_folder.Path))
        {
            Assert.Equal(8192, RawFiles.DataBytes(At("stored.raw")));
        }
    }

    [Fact]
    public void Data_equal_to_the_backing_file_is_not_stored_again()
    {
        byte[] content = RawFiles.Scattered(At("base.raw"), 1 << 20, seed: 3, pieces: 40);
        content[70_000] ^= 0xff;
        File.WriteAllBytes(At("a.raw"), content);
        Convert("a.raw", "over.qed", new DiskConversionOptions { ClusterSize = 4096, BackingFile = "base.raw" });
        QedCheckResult check = AssertClean("over.qed");
        Assert.Equal((1, 0), (check.AllocatedClusters, check.ZeroClusters));
        Assert.Equal(QedBackingFormat.Raw, ImageInspection.Run(At("over.qed"), new ImageInspectionOptions()).BackingFormat);
    }

    [Theory]
    [MemberData(nameof(Some))]
    public void A_conversion_stopped_at_any_moment_leaves_nothing_behind(int seed)
    {
        Random random = new(seed);
        RawFiles.Scattered(At("a.raw"), 4 << 20, seed, pieces: 60);
        DiskConversionOptions options = new() { ClusterSize = 4096, Verify = seed % 2 == 0 };
        OrderedWork.Workers.Value = 1; // with several, it is a matter of chance which pieces are reported
        List<OperationProgress> reports = [];
        DiskConversion.Run(At("a.raw"), At("whole.qed"), options, new Callback(reports.Add), TestContext.Current.CancellationToken);
        Assert.True(reports.Zip(reports.Skip(1)).All(pair => pair.First.Stage < pair.Second.Stage || pair.First.BytesDone <= pair.Second.BytesDone), "Progress went backwards.");
        Assert.Equal(reports[^1].BytesTotal, reports[^1].BytesDone);
        File.Delete(At("whole.qed"));

        int when = random.Next(reports.Count - 1);
        int count = 0;
        using CancellationTokenSource stop = new();
        Assert.Throws<OperationCanceledException>(() => DiskConversion.Run(
            At("a.raw"), At("b.qed"), options, new Callback(_ =>
            {
                if (count++ == when)
                {
                    stop.Cancel();
                }
            }),
            stop.Token));
        AssertOnly("a.raw");
    }

    [Fact]
    public void A_stopped_conversion_keeps_the_file_that_it_would_replace()
    {
        RawFiles.Scattered(At("a.raw"), 1 << 20, seed: 1, pieces: 60);
        File.WriteAllText(At("b.qed"), "what was there");
        using CancellationTokenSource stop = new();
        stop.Cancel();
        Assert.Throws<OperationCanceledException>(() =>
            DiskConversion.Run(At("a.raw"), At("b.qed"), new DiskConversionOptions { Replace = true }, progress: null, stop.Token));
        AssertOnly("a.raw", "b.qed");
        Assert.Equal("what was there", File.ReadAllText(At("b.qed")));
        Assert.Throws<QedFileExistsException>(() => Convert("a.raw", "b.qed", new DiskConversionOptions()));
        Assert.Equal("what was there", File.ReadAllText(At("b.qed")));
        Convert("a.raw", "b.qed", new DiskConversionOptions { Replace = true });
        AssertClean("b.qed");
    }

    [Fact]
    public void A_read_error_names_the_file_and_the_offset()
    {
        MemoryStorage raw = new("broken.raw");
        raw.Write(0, [.. Enumerable.Repeat((byte)1, 9 << 20)]);
        FaultyStorage faulty = new(raw) { Kind = StorageCall.Read, Number = 3 };
        IDisk source = new RawDisk(faulty);
        MemoryStorage target = new("target.raw");
        target.SetLength(9 << 20);
        QedStorageException error = Assert.Throws<QedStorageException>(() =>
            DiskCopy.Run(source, new CopyTarget(new RawDisk(target), 4096, ShownBefore: null, FlushedLater: null), progress: null, TestContext.Current.CancellationToken));
        Assert.Equal(("broken.raw", faulty.FailedAt), (error.Path, error.Offset));
        Assert.True(error.Offset > 0);
        Assert.Contains($"offset {error.Offset}", error.Message, StringComparison.Ordinal);
    }

    [Theory(Skip = Host.LocksOutWriters, SkipUnless = nameof(Host.IsUnix), SkipType = typeof(Host))]
    [InlineData(5 << 20)]
    [InlineData(1 << 20)]
    [InlineData(0)]
    public void A_source_that_changes_size_is_an_error(int newSize)
    {
        RawFiles.Scattered(At("a.raw"), 4 << 20, seed: 1, pieces: 60);
        bool done = false;
        QedFileChangedException error = Assert.Throws<QedFileChangedException>(() => DiskConversion.Run(
            At("a.raw"),
            At("b.qed"),
            new DiskConversionOptions(),
            new Callback(_ =>
            {
                if (!done)
                {
                    done = true;
                    using FileStream file = new(At("a.raw"), FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
                    file.SetLength(newSize);
                }
            }),
            TestContext.Current.CancellationToken));
        Assert.Equal(At("a.raw"), error.Path);
        Assert.Contains("changed while it was being read", error.Message, StringComparison.Ordinal);
        AssertOnly("a.raw");
    }

    [Fact]
    public void A_destination_that_the_source_needs_is_refused()
    {
        RawFiles.Scattered(At("base.raw"), 1 << 20, seed: 1, pieces: 10);
        ImageCreation.Run(At("over.qed"), new ImageCreationOptions { BackingFile = "base.raw" }, TestContext.Current.CancellationToken);
        Dictionary<string, byte[]> before = Directory.GetFiles(_folder.Path).ToDictionary(path => path, File.ReadAllBytes);
        List<string> targets = [At("over.qed"), At("base.raw"), Path.Combine(_folder.Path, ".", "base.raw")];
        if (!OperatingSystem.IsWindows())
        {
            File.CreateSymbolicLink(At("link.raw"), "base.raw");
            targets.Add(At("link.raw"));
        }

        foreach (string target in targets)
        {
            Assert.ThrowsAny<QedException>(() => DiskConversion.Run(
                At("over.qed"), target, new DiskConversionOptions { Replace = true }, progress: null, TestContext.Current.CancellationToken));
            Assert.ThrowsAny<QedException>(() => DiskConversion.Plan(At("over.qed"), target, new DiskConversionOptions { Replace = true }, TestContext.Current.CancellationToken));
        }

        // It may not become its own backing file either.
        Assert.ThrowsAny<QedException>(() => DiskConversion.Run(
            At("over.qed"),
            At("base.qed"),
            new DiskConversionOptions { Replace = true, BackingFile = "base.qed" },
            progress: null,
            TestContext.Current.CancellationToken));
        Assert.All(before, file => Assert.Equal(file.Value, File.ReadAllBytes(file.Key)));
    }

    [Fact(Skip = Host.NotLinuxRoot, SkipUnless = nameof(Host.IsLinuxRoot), SkipType = typeof(Host))]
    public void A_full_disk_is_one_clear_error_and_leaves_nothing_behind()
    {
        using MountedFolder small = new(At("small"), "-t", "tmpfs", "-o", "size=1m", "tmpfs");
        string mount = small.Path;
        File.WriteAllBytes(At("a.raw"), [.. Enumerable.Repeat((byte)7, 3 << 20)]);
        foreach (string target in new[] { "b.qed", "b.raw", "b.vhdx", "b.vhd", "b.qcow2", "b.vdi", "b.vmdk" })
        {
            QedDiskFullException error = Assert.Throws<QedDiskFullException>(() => DiskConversion.Run(
                At("a.raw"), Path.Combine(mount, target), new DiskConversionOptions(), progress: null, TestContext.Current.CancellationToken));
            Assert.Contains(mount, error.Message, StringComparison.Ordinal);
            Assert.Empty(Directory.GetFileSystemEntries(mount));
        }

        // A disk open for writing reports it too, keeps what was flushed, and works again when there is space.
        string image = Path.Combine(mount, "c.qed");
        string ballast = Path.Combine(mount, "ballast");
        ImageCreation.Run(image, new ImageCreationOptions { SizeBytes = 4 << 20, ClusterSize = 4096 }, TestContext.Current.CancellationToken);
        byte[] much = [.. Enumerable.Repeat((byte)9, 600 << 10)];
        using (DiskStream stream = DiskOpening.Run(image, new DiskOpeningOptions { Writable = true }, progress: null, TestContext.Current.CancellationToken))
        {
            stream.Write([1, 2, 3]);
            stream.Flush();
            File.WriteAllBytes(ballast, new byte[900 << 10]);
            Assert.Throws<QedDiskFullException>(() => stream.Write(much));
            stream.Position = 0;
            Assert.Equal(1, stream.ReadByte());
            File.Delete(ballast);
            stream.Position = 100_000;
            stream.Write(much);
        }

        QedCheckResult check = ImageCheck.Run(image, new ImageCheckOptions(), progress: null, TestContext.Current.CancellationToken);
        Assert.Equal((QedCheckStatus.Clean, false), (check.Status, check.NeedsCheck));
        using DiskStream again = DiskOpening.Run(image, new DiskOpeningOptions(), progress: null, TestContext.Current.CancellationToken);
        byte[] content = new byte[800_000];
        again.ReadExactly(content);
        Assert.Equal([1, 2, 3], content[..3]);
        Assert.All(content[100_000..(100_000 + much.Length)], value => Assert.Equal(9, value));
    }

    [Fact]
    public void Impossible_requests_are_refused_before_anything_is_done()
    {
        RawFiles.Scattered(At("a.raw"), 1 << 20, seed: 1, pieces: 3);
        (string Target, DiskConversionOptions Options)[] wrong =
        [
            ("b.qed", new DiskConversionOptions { ClusterSize = 5000 }),
            ("b.qed", new DiskConversionOptions { TableSize = 3 }),
            ("b.xyz", new DiskConversionOptions()),
            ("b.raw", new DiskConversionOptions { BackingFile = "a.raw" }),
            ("b.vhdx", new DiskConversionOptions { BlockSize = 5000 }),
            ("b.vhdx", new DiskConversionOptions { SectorSize = 520 }),
            ("b.vhdx", new DiskConversionOptions { ClusterSize = 4096 }),
            ("b.vhdx", new DiskConversionOptions { BackingFile = "a.raw" }),
            ("b.qed", new DiskConversionOptions { BlockSize = 1 << 20 }),
            ("b.qed", new DiskConversionOptions { SectorSize = 512 }),
            ("b.qed", new DiskConversionOptions { IsFixed = true }),
            ("b.raw", new DiskConversionOptions { BlockSize = 1 << 20 }),
        ];
        foreach ((string target, DiskConversionOptions options) in wrong)
        {
            Assert.ThrowsAny<QedRequestException>(() => Convert("a.raw", target, options));
            Assert.ThrowsAny<QedRequestException>(() => DiskConversion.Plan(At("a.raw"), At(target), options, TestContext.Current.CancellationToken));
        }

        Assert.ThrowsAny<QedException>(() => Convert("a.raw", "b.qed", new DiskConversionOptions { BackingFile = "missing.qed" }));
        Assert.Throws<QedFileNotFoundException>(() => Convert("missing.raw", "b.qed", new DiskConversionOptions()));
        Assert.Throws<QedFileNotFoundException>(() => Convert("a.raw", Path.Combine("nowhere", "b.qed"), new DiskConversionOptions()));
        AssertOnly("a.raw");

        // A raw file is always as long as its disk.
        Convert("a.raw", "b.raw", new DiskConversionOptions { IsFixed = true });
    }

    private static int Up(int length) => (length + 511) / 512 * 512;

    private string At(string name) => _folder.PathOf(name);

    private QedImageInfo Convert(string from, string to, DiskConversionOptions options) =>
        DiskConversion.Run(At(from), At(to), options, progress: null, TestContext.Current.CancellationToken);

    private QedCheckResult AssertClean(string name)
    {
        QedCheckResult check = ImageCheck.Run(At(name), new ImageCheckOptions(), progress: null, TestContext.Current.CancellationToken);
        Assert.Equal((QedCheckStatus.Clean, false), (check.Status, check.NeedsCheck));
        return check;
    }

    private void AssertOnly(params string[] names) =>
        Assert.Equal(names.Order(), Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName).Order());

    /// <summary>Reports progress on the thread that makes it.</summary>
    private sealed class Callback(Action<OperationProgress> report) : IProgress<OperationProgress>
    {
        public void Report(OperationProgress value) => report(value);
    }
}
