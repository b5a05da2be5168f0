using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using QedTools.Tests.DataPlane;
using QedTools.Tests.Storage;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interchange;

/// <summary>What holds for files of every format: the odd sizes, the largest ones, and conversions that are stopped.</summary>
public sealed class EveryFormatTests : IDisposable
{
    private const int MiB = 1 << 20;
    private const long GiB = 1L << 30;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Our extension, QEMU's name for the format, whether fixed, and the size of a block or cluster.</summary>
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

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Full_disks_of_odd_sizes_come_back_the_same(string extension, string theirs, bool isFixed, int? unit)
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
    public void A_disk_of_zeroes_takes_no_room_for_them(string extension, string theirs, bool isFixed, int? unit)
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
    [InlineData(".qed", "qed", 3072)]
    [InlineData(".vhdx", "vhdx", 3072)]
    [InlineData(".vhd", "vpc", 2040)]
    [InlineData(".qcow2", "qcow2", 3072)]
    [InlineData(".vdi", "vdi", 3072)]
    [InlineData(".vmdk", "vmdk", 2040)]
    public void Large_disks_are_written_and_read(string extension, string theirs, long gibibytes)
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
        Assert.InRange(info.DiskUsage, 1, 40 * MiB); // the tables of VMDK are all there
        Convert("b" + extension, "c.qed", new DiskConversionOptions());
        Assert.True(DiskComparison.Run(At("c.qed"), At("a.raw"), new DiskComparisonOptions { Strict = true }, cancellation: TestContext.Current.CancellationToken).AreEqual);
        if (Qemu.IsInstalled)
        {
            Qemu.Io(At("b" + extension), theirs, [.. pieces.Select(piece => string.Create(CultureInfo.InvariantCulture, $"read -q -P {piece.Value} {piece.Offset} 1k"))]);
        }
    }

    [Theory]
    [InlineData(".vhd")]
    [InlineData(".vmdk")]
    public void Above_the_limit_the_error_names_the_format_that_takes_the_disk(string extension)
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
    public void A_conversion_stopped_at_any_moment_leaves_nothing(string extension, string theirs, bool isFixed, int? unit)
    {
        Assert.NotEmpty(theirs);
        RawFiles.Scattered(At("a.raw"), 3 * MiB, seed: 1, pieces: 40);
        OrderedWork.Workers.Value = 1; // with several, which pieces are reported is chance
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
    public void A_file_system_goes_through_the_formats_and_comes_back_whole()
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
        Assert.True(code == 0, $"e2fsck says {code}: {output} {errors}");
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

    /// <summary>Tells progress on the thread that makes it.</summary>
    private sealed class Callback(Action report) : IProgress<OperationProgress>
    {
        public void Report(OperationProgress value) => report();
    }
}
