using System;
using System.IO;
using System.Linq;
using QedTools.Storage;
using QedTools.Tests.DataPlane;
using QedTools.Tests.Storage;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interchange.Qcow2;

/// <summary>Disks on their way into qcow2 files and out of them.</summary>
public sealed class Qcow2ConversionTests : IDisposable
{
    private const int MiB = 1 << 20;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Seeds.Take), 20, MemberType = typeof(Seeds))]
    public void Any_disk_goes_there_and_back(int seed)
    {
        Random random = new(seed);
        int size = random.Next(1, 5_000_000);
        byte[] content = RawFiles.Scattered(At("a.raw"), size, seed, random.Next(40));
        RawFiles.Scattered(At("base.raw"), random.Next(1, 5_000_000), seed + 1, random.Next(40));
        File.Copy(At("a.raw"), At("content.raw"));
        DiskConversionOptions options = new()
        {
            ClusterSize = 512L << random.Next(13),
            BackingFile = random.Next(2) == 0 ? null : "base.raw",
            Verify = random.Next(2) == 0,
        };
        Convert("a.raw", "a.qed", new DiskConversionOptions { ClusterSize = 4096L << random.Next(5) });
        QedImageInfo info = Convert("a.qed", "b.qcow2", options);

        long whole = (size + 511L) / 512 * 512;
        Assert.Equal(("qcow2", whole, (int)options.ClusterSize!.Value, options.BackingFile), (info.Format, info.VirtualSize, info.ClusterSize, info.BackingFile));
        using (FileStorage storage = FileStorage.Open(At("b.qcow2"), StorageAccess.Read))
        {
            Qcow2Refcounts.AssertRight(storage);
        }

        foreach (string target in new[] { "c.raw", "c.qed", "c.qcow2" })
        {
            Convert("b.qcow2", target, new DiskConversionOptions());
            Assert.Equal([.. content, .. new byte[whole - size]], ReadAll(target));
        }

        if (RawFiles.AreSparseIn(_folder.Path))
        {
            Assert.InRange(RawFiles.DataBytes(At("c.raw")), 0, RawFiles.DataBytes(At("a.raw")) + 4096);
        }
    }

    [Fact]
    public void An_overlay_holds_only_what_differs()
    {
        byte[] content = RawFiles.Scattered(At("base.raw"), 20 * MiB, seed: 1, pieces: 200);
        Convert("base.raw", "base.qcow2", new DiskConversionOptions());
        File.Copy(At("base.raw"), At("top.raw"));
        using (FileStream file = File.OpenWrite(At("top.raw")))
        {
            file.Position = 5 * MiB;
            file.Write(new byte[4 * MiB]);
            file.Position = 12 * MiB;
            file.Write([1, 2, 3]);
        }

        content.AsSpan(5 * MiB, 4 * MiB).Clear();
        new byte[] { 1, 2, 3 }.CopyTo(content, 12 * MiB);
        QedImageInfo info = Convert("top.raw", "top.qcow2", new DiskConversionOptions { BackingFile = "base.qcow2", Verify = true });

        // Header, L1 table, L2 table, one cluster, the refcounts.
        Assert.Equal((4 + 2) * 65536, info.FileSize);
        Assert.Equal(("base.qcow2", QedBackingFormat.Probe, At("base.qcow2")), (info.BackingFile, info.BackingFormat, info.BackingFilePath));
        Assert.Equal(content, ReadAll("top.qcow2"));
    }

    [Fact(Skip = Host.NotKeepingHoles, SkipUnless = nameof(Host.KeepsHoles), SkipType = typeof(Host))]
    public void Terabytes_of_nothing_are_converted_in_no_time()
    {
        using (FileStream file = new(At("a.raw"), FileMode.CreateNew))
        {
            file.SetLength(8L << 40);
            file.Position = 7L << 40;
            file.Write([1, 2, 3]);
        }

        QedImageInfo info = Convert("a.raw", "b.qcow2", new DiskConversionOptions { Verify = true });

        Assert.Equal(8L << 40, info.VirtualSize);
        Assert.InRange(info.DiskUsage, 1, MiB);
    }

    [Fact]
    public void A_damaged_source_leaves_nothing()
    {
        Qcow2Sketch sketch = new(4 * MiB);
        sketch.Put(0, Qcow2DiskTests.Bytes(1, 4096));
        sketch.SetEntry(700, 0x7700000);
        TestImage.Save(sketch.Storage, At("a.qcow2"));

        QedDamagedFileException error = Assert.Throws<QedDamagedFileException>(() => Convert("a.qcow2", "b.qed", new DiskConversionOptions()));

        Assert.Equal(At("a.qcow2"), error.Path);
        Assert.Equal(["a.qcow2"], Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void A_whole_copy_takes_little_memory()
    {
        using (FileStream file = new(At("a.raw"), FileMode.CreateNew))
        {
            byte[] data = Qcow2DiskTests.Bytes(1, 8 * MiB);
            for (int i = 0; i < 8; i++)
            {
                file.Write(data);
            }
        }

        OrderedWork.Workers.Value = 1;
        long before = GC.GetAllocatedBytesForCurrentThread();
        Convert("a.raw", "b.qcow2", new DiskConversionOptions());
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 3 * MiB);
    }

    private QedImageInfo Convert(string from, string to, DiskConversionOptions options) =>
        DiskConversion.Run(At(from), At(to), options, progress: null, TestContext.Current.CancellationToken);

    private byte[] ReadAll(string name)
    {
        using DiskStream stream = DiskOpening.Run(At(name), new DiskOpeningOptions(), progress: null, TestContext.Current.CancellationToken);
        byte[] content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }

    private string At(string name) => _folder.PathOf(name);
}
