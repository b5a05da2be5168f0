using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using QedTools.Chains;
using QedTools.Storage;
using QedTools.Tests.DataPlane;
using QedTools.Tests.Interchange.Qcow2;
using QedTools.Tests.Interchange.Vhdx;
using QedTools.Tests.Storage;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interchange;

/// <summary>
/// What holds for files of every format: data written to them is read back, conversions leave nothing half done, and no file is changed
/// in place.
/// </summary>
public sealed class EveryFormatTests : IDisposable
{
    private const int MiB = 1 << 20;
    private const long GiB = 1L << 30;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>The extension, QEMU's name for the format, whether the file is fixed, and the size of a block or cluster.</summary>
    public static TheoryData<string, string, bool, int?> Kinds => new()
    {
        { ".qed", "qed", false, null },
        { ".vhdx", "vhdx", false, MiB },
        { ".vhdx", "vhdx", true, MiB },
        { ".vhd", "vpc", false, null },
        { ".vhd", "vpc", false, 512 << 10 },
        { ".vhd", "vpc", true, null },
        { ".qcow2", "qcow2", false, null },
        { ".qcow2", "qcow2", false, 512 },
        { ".qcow2", "qcow2", false, 2 * MiB },
        { ".vdi", "vdi", false, null },
        { ".vdi", "vdi", true, null },
        { ".vmdk", "vmdk", false, null },
    };

    /// <summary>Extensions of the formats whose block or cluster size can be chosen, each with seeds.</summary>
    public static TheoryData<string, int> AnyDisks =>
    [
        .. Seeds.Take(15).Select(row => (".vhdx", row.Data)),
        .. Seeds.Take(20).Select(row => (".qcow2", row.Data)),
    ];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Full_disks_of_odd_sizes_survive_the_round_trip(string extension, string theirs, bool isFixed, int? unit)
    {
        foreach (int size in new[] { 512, 1024, 65536 - 512, MiB + 512, (5 * MiB) + 1536 })
        {
            byte[] content = new byte[size];
            new Random(size).NextBytes(content);
            File.WriteAllBytes(At("a.raw"), content);
            QedImageInfo info = Convert("a.raw", "b" + extension, Options(extension, isFixed, unit));

            Assert.Equal(size, info.VirtualSize);
            Convert("b" + extension, "c.raw", new DiskConversionOptions { Replace = true });
            Assert.Equal(content, File.ReadAllBytes(At("c.raw")));
            if (Qemu.IsInstalled)
            {
                Assert.Contains("identical", Qemu.Img("compare", "-f", theirs, "-F", "raw", At("b" + extension), At("a.raw")), StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_disk_of_zeroes_takes_no_space_for_them(string extension, string theirs, bool isFixed, int? unit)
    {
        const int Size = (40 * MiB) + 512;
        File.WriteAllBytes(At("a.raw"), new byte[Size]);
        QedImageInfo info = Convert("a.raw", "b" + extension, Options(extension, isFixed, unit));

        Assert.Equal(Size, info.VirtualSize);
        if (!isFixed)
        {
            Assert.InRange(info.FileSize, 1, 8 * MiB);
        }

        if (RawFiles.AreSparseIn(_folder.Path))
        {
            Assert.InRange(info.DiskUsage, 1, 600 << 10);
        }

        Convert("b" + extension, "c.raw", new DiskConversionOptions());
        Assert.Equal(new byte[Size], File.ReadAllBytes(At("c.raw")));
        if (Qemu.IsInstalled)
        {
            Assert.Contains("identical", Qemu.Img("compare", "-f", theirs, "-F", "raw", At("b" + extension), At("a.raw")), StringComparison.Ordinal);
        }
    }

    [Theory(Skip = Host.NotKeepingHoles, SkipUnless = nameof(Host.KeepsHoles), SkipType = typeof(Host))]
    [InlineData(".qed", "qed", 3072, 40)]
    [InlineData(".vhdx", "vhdx", 8192, 1)]
    [InlineData(".vhd", "vpc", 2040, 40)]
    [InlineData(".qcow2", "qcow2", 8192, 1)]
    [InlineData(".vdi", "vdi", 3072, 40)]
    [InlineData(".vmdk", "vmdk", 2040, 40)] // all of its tables are stored
    public void Large_disks_are_written_and_read(string extension, string theirs, long gibibytes, int maxMebibytes)
    {
        long size = gibibytes * GiB;
        (long Offset, byte Value)[] pieces = [(0, 1), ((2 * GiB) - 512, 2), ((size / 2) + 512, 3), (size - 1024, 4)];
        using (FileStream file = new(At("a.raw"), FileMode.CreateNew))
        {
            file.SetLength(size);
            foreach ((long offset, byte value) in pieces)
            {
                file.Position = offset;
                file.Write(Enumerable.Repeat(value, 1024).ToArray());
            }
        }

        QedImageInfo info = Convert("a.raw", "b" + extension, new DiskConversionOptions { Verify = true });

        Assert.Equal(size, info.VirtualSize);
        Assert.InRange(info.DiskUsage, 1, maxMebibytes * MiB);
        Convert("b" + extension, "c.qed", new DiskConversionOptions());
        Assert.True(DiskComparison.Run(At("c.qed"), At("a.raw"), new DiskComparisonOptions { Strict = true }, cancellation: TestContext.Current.CancellationToken).AreEqual);
        if (Qemu.IsInstalled)
        {
            Qemu.Io(At("b" + extension), theirs, [.. pieces.Select(piece => string.Create(CultureInfo.InvariantCulture, $"read -q -P {piece.Value} {piece.Offset} 1k"))]);
        }
    }

    [Theory]
    [MemberData(nameof(AnyDisks))]
    public void Any_disk_survives_the_round_trip(string extension, int seed)
    {
        Random random = new(seed);
        int size = random.Next(1, 5_000_000);
        byte[] content = RawFiles.Scattered(At("a.raw"), size, seed, random.Next(40));
        RawFiles.Scattered(At("base.raw"), random.Next(1, 5_000_000), seed + 1, random.Next(40));
        bool isQcow2 = extension == ".qcow2";
        int sectorSize = isQcow2 ? 512 : random.Pick(512, 4096);
        DiskConversionOptions options = new()
        {
            ClusterSize = isQcow2 ? 512L << random.Next(13) : null,
            BackingFile = isQcow2 && random.Next(2) == 0 ? "base.raw" : null,
            BlockSize = isQcow2 ? null : MiB << random.Next(4),
            SectorSize = isQcow2 ? null : sectorSize,
            IsFixed = !isQcow2 && random.Next(2) == 0,
            Verify = random.Next(2) == 0,
            Compress = isQcow2 && random.Next(2) == 0,
        };
        options = options.Compress && random.Next(2) == 0 ? options with { CompressionType = QedCompressionType.Zstd } : options;
        Convert("a.raw", "a.qed", new DiskConversionOptions { ClusterSize = 4096L << random.Next(5) });
        QedImageInfo info = Convert("a.qed", "b" + extension, options);

        long whole = (((size + 511L) / 512 * 512) + sectorSize - 1) / sectorSize * sectorSize;
        Assert.Equal(
            (DiskFormats.OfExtension(extension)!.Name, whole, (int)(options.ClusterSize ?? options.BlockSize)!.Value, options.BackingFile),
            (info.Format, info.VirtualSize, info.ClusterSize, info.BackingFile));
        if (isQcow2)
        {
            using FileStorage storage = FileStorage.Open(At("b.qcow2"), StorageAccess.Read);
            Qcow2Refcounts.AssertRight(storage);
        }

        foreach (string target in new[] { "c.raw", "c.qed", "c" + extension })
        {
            Convert("b" + extension, target, new DiskConversionOptions());
            Assert.Equal([.. content, .. new byte[whole - size]], DiskBytes.OfFile(At(target)));
        }

        if (RawFiles.AreSparseIn(_folder.Path))
        {
            long data = RawFiles.DataBytes(At("a.raw"));
            Assert.InRange(RawFiles.DataBytes(At("c.raw")), 0, data + 4096);
            if (!isQcow2) // whose clusters and backing file may be larger
            {
                Assert.InRange(RawFiles.DataBytes(At("b" + extension)), 1, data + (600 << 10));
            }
        }
    }

    [Theory]
    [InlineData(".vhdx", 24 * MiB)]
    [InlineData(".vhd", (20 * MiB) + 512)]
    [InlineData(".vdi", 21 * MiB)]
    public void A_fixed_file_is_as_long_as_its_disk_and_takes_no_more_space_than_its_data(string extension, long fileSize)
    {
        RawFiles.Scattered(At("a.raw"), 20 * MiB, seed: 1, pieces: 3);
        QedImageInfo info = Convert("a.raw", "b" + extension, Options(extension, isFixed: true, extension == ".vhdx" ? MiB : null));

        Assert.Equal(fileSize, info.FileSize);
        if (RawFiles.AreSparseIn(_folder.Path))
        {
            Assert.InRange(info.DiskUsage, 1, 400 << 10);
        }
    }

    [Theory]
    [InlineData(".qed")]
    [InlineData(".vhdx")]
    [InlineData(".vhd")]
    [InlineData(".qcow2")]
    [InlineData(".vdi")]
    [InlineData(".vmdk")]
    public void A_whole_copy_takes_little_memory(string extension)
    {
        File.WriteAllBytes(At("a.raw"), DiskBytes.Random(1, 64 * MiB));
        OrderedWork.Workers.Value = 1;
        long before = GC.GetAllocatedBytesForCurrentThread();
        Convert("a.raw", "b" + extension, Options(extension, isFixed: false, extension == ".vhdx" ? MiB : null));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 3 * MiB);
    }

    [Theory]
    [InlineData(".qed")]
    [InlineData(".vhdx")]
    [InlineData(".qcow2")]
    public void A_damaged_source_leaves_no_result(string extension)
    {
        string source = At("a" + extension);
        switch (extension)
        {
            case ".vhdx":
                VhdxSketch vhdx = new(4 * MiB);
                vhdx.Put(0, DiskBytes.Random(1, MiB));
                vhdx.SetEntry(2, 0x7700006);
                TestImage.Save(vhdx.Storage, source);
                break;
            case ".qcow2":
                Qcow2Sketch qcow2 = new(4 * MiB);
                qcow2.Put(0, DiskBytes.Random(1, 4096));
                qcow2.SetEntry(700, 0x7700000);
                TestImage.Save(qcow2.Storage, source);
                break;
            default:
                File.Copy(Fixture.PathOf("damaged/l2-past-end.qed"), source);
                break;
        }

        foreach (string target in new[] { "b.raw", "b.qed" })
        {
            QedException error = Assert.ThrowsAny<QedException>(() => Convert("a" + extension, target, new DiskConversionOptions()));
            Assert.Equal(extension == ".qed" ? typeof(QedCorruptException) : typeof(QedDamagedFileException), error.GetType());
            Assert.Equal(source, error.Path);
            Assert.Equal([source], Directory.GetFileSystemEntries(_folder.Path));
        }
    }

    [Theory]
    [InlineData(".vhdx", "VHDX", MiB)]
    [InlineData(".vhd", "VHD", 2 * MiB)]
    [InlineData(".qcow2", "qcow2", 65536)]
    [InlineData(".vdi", "VDI", MiB)]
    [InlineData(".vmdk", "VMDK", 65536)]
    public void A_QED_overlay_is_read_over_a_file_of_another_format_which_does_not_change(string extension, string shown, int unit)
    {
        byte[] content = RawFiles.Scattered(At("content.raw"), 4 * MiB, seed: 1, pieces: 40);
        Convert("content.raw", "base" + extension, Options(extension, isFixed: false, extension == ".vhdx" ? MiB : null));
        byte[] before = File.ReadAllBytes(At("base" + extension));
        ImageCreation.Run(At("over.qed"), new ImageCreationOptions { BackingFile = "base" + extension, ClusterSize = 4096 }, TestContext.Current.CancellationToken);
        Assert.Equal(QedBackingFormat.Probe, ImageInspection.Run(At("over.qed"), new ImageInspectionOptions()).BackingFormat);
        using (DiskStream stream = DiskOpening.Run(At("over.qed"), new DiskOpeningOptions { Writable = true }, progress: null, TestContext.Current.CancellationToken))
        {
            stream.Position = MiB - 100;
            stream.Write([9, 9, 9]);
        }

        content.AsSpan(MiB - 100, 3).Fill(9);
        Assert.Equal(content, DiskBytes.OfFile(At("over.qed")));
        QedImageInfo[] infos = [.. ImageInspection.RunOverChain(At("over.qed"), new ImageInspectionOptions())];
        Assert.Equal([("QED", 4096, 4L * MiB), (shown, unit, 4L * MiB)], infos.Select(info => (info.Format, info.ClusterSize, info.VirtualSize)));

        foreach (Action change in new Action[]
        {
            () => DiskMerge.Run(At("over.qed"), new DiskMergeOptions(), progress: null, TestContext.Current.CancellationToken),
            () => DiskOpening.Run(At("base" + extension), new DiskOpeningOptions { Writable = true }, progress: null, TestContext.Current.CancellationToken).Dispose(),
        })
        {
            QedUnsupportedFormatException error = Assert.Throws<QedUnsupportedFormatException>(change);
            Assert.Contains("does not change", error.Message, StringComparison.Ordinal);
            Assert.Equal(QedRemedy.ConvertDisk, error.Remedy);
        }

        using (DiskStream stream = DiskOpening.Run(At("base" + extension), new DiskOpeningOptions(), progress: null, TestContext.Current.CancellationToken))
        {
            Assert.False(stream.CanWrite);
            Assert.Equal(4 * MiB, stream.Length);
            Assert.Throws<NotSupportedException>(() => stream.SetLength(MiB));
        }

        Assert.Equal(before, File.ReadAllBytes(At("base" + extension)));
        Assert.Equal(content, DiskBytes.OfFile(At("over.qed")));
    }

    [Theory]
    [InlineData(".vhd")]
    [InlineData(".vmdk")]
    public void Above_the_limit_the_error_names_a_format_that_can_hold_the_disk(string extension)
    {
        using (FileStream file = new(At("a.raw"), FileMode.CreateNew))
        {
            file.SetLength((2040 * GiB) + 512);
        }

        QedLimitException error = Assert.Throws<QedLimitException>(() => Convert("a.raw", "b" + extension, new DiskConversionOptions()));

        Assert.Contains("VHDX", error.Message, StringComparison.Ordinal);
        Assert.Equal(["a.raw"], Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_conversion_stopped_at_any_moment_leaves_nothing_behind(string extension, string theirs, bool isFixed, int? unit)
    {
        Assert.NotEmpty(theirs);
        RawFiles.Scattered(At("a.raw"), 3 * MiB, seed: 1, pieces: 40);
        OrderedWork.Workers.Value = 1; // with several, it is a matter of chance which pieces are reported
        string target = At("b" + extension);
        DiskConversionOptions options = Options(extension, isFixed, unit) with { Verify = true };
        int reports = 0;
        DiskConversion.Run(At("a.raw"), target, options, new Callback(() => reports++), TestContext.Current.CancellationToken);
        File.Delete(target);
        Assert.True(reports > 2);
        for (int when = 0; when < reports - 1; when++)
        {
            using CancellationTokenSource stop = new();
            int count = 0;
            Assert.Throws<OperationCanceledException>(() => DiskConversion.Run(
                At("a.raw"),
                target,
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

    [Fact(Skip = Ext4.SkipReason, SkipUnless = nameof(Ext4.IsInstalled), SkipType = typeof(Ext4))]
    public void A_file_system_survives_conversion_through_all_formats()
    {
        string files = At("files");
        Directory.CreateDirectory(Path.Combine(files, "inner"));
        Random random = new(1);
        for (int i = 0; i < 40; i++)
        {
            byte[] content = new byte[random.Next(300_000)];
            random.NextBytes(content);
            File.WriteAllBytes(Path.Combine(files, i % 2 == 0 ? "inner" : ".", $"file-{i}"), content);
        }

        (int code, _, string errors) = Qemu.Run("mke2fs", "-q", "-t", "ext4", "-d", files, At("fs.raw"), "32M");
        Assert.True(code == 0, errors);
        Convert("fs.raw", "1.qed", new DiskConversionOptions());
        string[] way = ["1.qed", "2.vhdx", "3.qcow2", "4.vhd", "5.qed", "6.vdi", "7.vmdk", "8.raw"];
        for (int i = 1; i < way.Length; i++)
        {
            QedImageInfo info = Convert(way[i - 1], way[i], new DiskConversionOptions { Verify = i % 2 == 0 });
            Assert.Equal(32 * MiB, info.VirtualSize);
            if (RawFiles.AreSparseIn(_folder.Path))
            {
                Assert.InRange(RawFiles.DataBytes(At(way[i])), MiB, RawFiles.DataBytes(At("fs.raw")) + (2 * MiB));
            }
        }

        foreach (string name in way)
        {
            Assert.True(DiskComparison.Run(At(name), At("fs.raw"), new DiskComparisonOptions { Strict = true }, cancellation: TestContext.Current.CancellationToken).AreEqual);
        }

        Assert.Equal(QedCheckStatus.Clean, ImageCheck.Run(At("5.qed"), new ImageCheckOptions(), progress: null, TestContext.Current.CancellationToken).Status);
        Convert("5.qed", "back.raw", new DiskConversionOptions());
        Assert.Equal(File.ReadAllBytes(At("fs.raw")), File.ReadAllBytes(At("back.raw")));
        (code, string output, errors) = Qemu.Run("e2fsck", "-f", "-n", At("back.raw"));
        Assert.True(code == 0, $"e2fsck ended with {code}: {output} {errors}");
    }

    private static DiskConversionOptions Options(string extension, bool isFixed, int? unit) => new()
    {
        IsFixed = isFixed,
        BlockSize = extension == ".qcow2" ? null : unit,
        ClusterSize = extension == ".qcow2" ? unit : null,
        Replace = true,
    };

    private QedImageInfo Convert(string from, string to, DiskConversionOptions options) =>
        DiskConversion.Run(At(from), At(to), options, progress: null, TestContext.Current.CancellationToken);

    private string At(string name) => _folder.PathOf(name);

    /// <summary>Reports progress on the thread that makes it.</summary>
    private sealed class Callback(Action report) : IProgress<OperationProgress>
    {
        public void Report(OperationProgress value) => report();
    }
}
