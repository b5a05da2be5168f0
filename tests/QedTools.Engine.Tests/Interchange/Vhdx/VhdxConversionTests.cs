using System;
using System.IO;
using System.Linq;
using System.Threading;
using QedTools.Tests.DataPlane;
using QedTools.Tests.Storage;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interchange.Vhdx;

/// <summary>Disks on their way into VHDX files and out of them.</summary>
public sealed class VhdxConversionTests : IDisposable
{
    private const int MiB = 1 << 20;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Seeds.Take), 15, MemberType = typeof(Seeds))]
    public void Any_disk_goes_there_and_back(int seed)
    {
        Random random = new(seed);
        int size = random.Next(1, 5_000_000);
        byte[] content = RawFiles.Scattered(At("a.raw"), size, seed, random.Next(40));
        int sectorSize = random.Next(2) == 0 ? 512 : 4096;
        DiskConversionOptions options = new()
        {
            BlockSize = MiB << random.Next(4),
            SectorSize = sectorSize,
            IsFixed = random.Next(2) == 0,
            Verify = random.Next(2) == 0,
        };
        Convert("a.raw", "a.qed", new DiskConversionOptions { ClusterSize = 4096L << random.Next(5) });
        QedImageInfo info = Convert("a.qed", "b.vhdx", options);

        long whole = (((size + 511L) / 512 * 512) + sectorSize - 1) / sectorSize * sectorSize;
        Assert.Equal(("VHDX", whole, (int)options.BlockSize!.Value), (info.Format, info.VirtualSize, info.ClusterSize));
        foreach (string target in new[] { "c.raw", "c.qed", "c.vhdx" })
        {
            Convert("b.vhdx", target, new DiskConversionOptions());
            Assert.Equal([.. content, .. new byte[whole - size]], ReadAll(target));
        }

        if (RawFiles.AreSparseIn(_folder.Path))
        {
            long data = RawFiles.DataBytes(At("a.raw"));
            Assert.InRange(RawFiles.DataBytes(At("b.vhdx")), 1, data + (600 << 10));
            Assert.InRange(RawFiles.DataBytes(At("c.raw")), 0, data + 4096);
        }
    }

    [Fact]
    public void A_fixed_file_is_as_long_as_its_disk_and_takes_no_more_room_than_its_data()
    {
        RawFiles.Scattered(At("a.raw"), 20 * MiB, seed: 1, pieces: 3);
        QedImageInfo info = Convert("a.raw", "b.vhdx", new DiskConversionOptions { IsFixed = true, BlockSize = MiB });

        Assert.Equal(24 * MiB, info.FileSize);
        if (RawFiles.AreSparseIn(_folder.Path))
        {
            Assert.InRange(info.DiskUsage, 1, 400 << 10);
        }
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

        QedImageInfo info = Convert("a.raw", "b.vhdx", new DiskConversionOptions { Verify = true });

        Assert.Equal(8L << 40, info.VirtualSize);
        Assert.InRange(info.DiskUsage, 1, MiB);
    }

    [Fact]
    public void A_conversion_stopped_at_any_moment_leaves_nothing()
    {
        RawFiles.Scattered(At("a.raw"), 4 * MiB, seed: 1, pieces: 60);
        OrderedWork.Workers.Value = 1; // with several, which pieces are reported is chance
        DiskConversionOptions options = new() { BlockSize = MiB, Verify = true };
        int reports = 0;
        DiskConversion.Run(At("a.raw"), At("b.vhdx"), options, new Callback(() => reports++), TestContext.Current.CancellationToken);
        File.Delete(At("b.vhdx"));
        for (int when = 0; when < reports - 1; when++)
        {
            using CancellationTokenSource stop = new();
            int count = 0;
            Assert.Throws<OperationCanceledException>(() => DiskConversion.Run(
                At("a.raw"),
                At("b.vhdx"),
                options,
                new Callback(() =>
                {
                    if (count++ == when)
                    {
                        stop.Cancel();
                    }
                }),
                stop.Token));
            Assert.Equal(["a.raw"], Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName));
        }
    }

    [Fact]
    public void A_damaged_source_leaves_nothing()
    {
        VhdxSketch sketch = new(4 * MiB);
        sketch.Put(0, VhdxDiskTests.Bytes(1, MiB));
        sketch.SetEntry(2, 0x7700006);
        TestImage.Save(sketch.Storage, At("a.vhdx"));

        QedDamagedFileException error = Assert.Throws<QedDamagedFileException>(() => Convert("a.vhdx", "b.qed", new DiskConversionOptions()));

        Assert.Equal(At("a.vhdx"), error.Path);
        Assert.Equal(["a.vhdx"], Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void What_cannot_be_made_is_said_before_anything_is_done()
    {
        RawFiles.Scattered(At("a.raw"), MiB, seed: 1, pieces: 3);
        (string Target, DiskConversionOptions Options)[] wrong =
        [
            ("b.vhdx", new DiskConversionOptions { BlockSize = 5000 }),
            ("b.vhdx", new DiskConversionOptions { SectorSize = 520 }),
            ("b.vhdx", new DiskConversionOptions { ClusterSize = 4096 }),
            ("b.vhdx", new DiskConversionOptions { BackingFile = "a.raw" }),
            ("b.qed", new DiskConversionOptions { BlockSize = MiB }),
            ("b.qed", new DiskConversionOptions { SectorSize = 512 }),
            ("b.qed", new DiskConversionOptions { IsFixed = true }),
            ("b.raw", new DiskConversionOptions { BlockSize = MiB }),
        ];
        foreach ((string target, DiskConversionOptions options) in wrong)
        {
            Assert.ThrowsAny<QedRequestException>(() => Convert("a.raw", target, options));
            Assert.ThrowsAny<QedRequestException>(() => DiskConversion.Plan(At("a.raw"), At(target), options));
        }

        Assert.Equal(["a.raw"], Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName));

        // A raw file is as long as its disk in any case.
        Convert("a.raw", "b.raw", new DiskConversionOptions { IsFixed = true });
    }

    [Fact]
    public void A_whole_copy_takes_little_memory()
    {
        using (FileStream file = new(At("a.raw"), FileMode.CreateNew))
        {
            byte[] data = VhdxDiskTests.Bytes(1, 8 * MiB);
            for (int i = 0; i < 8; i++)
            {
                file.Write(data);
            }
        }

        OrderedWork.Workers.Value = 1;
        long before = GC.GetAllocatedBytesForCurrentThread();
        Convert("a.raw", "b.vhdx", new DiskConversionOptions { BlockSize = MiB });
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

    /// <summary>Tells progress on the thread that makes it.</summary>
    private sealed class Callback(Action report) : IProgress<OperationProgress>
    {
        public void Report(OperationProgress value) => report();
    }
}
