using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Operations;

/// <summary>Merging through several layers: the file that is merged into reads as the overlay did, and everything between as before.</summary>
public sealed class MergeIntoTests : IDisposable
{
    private const int Size = 1 << 20;

    private readonly TempFolder _folder = new();
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    // The model: what each disk reads as before says what each must read as afterwards.
    [Fact]
    public void Every_disk_reads_as_a_model_says() => Seeded.Run(7001, 60, random =>
    {
        using TempFolder folder = new();
        int layers = random.Next(2, 6);
        bool isRaw = random.Next(2) == 0;
        bool keeps = random.Next(3) == 0;
        List<string> paths = [];
        for (int i = 0; i <= layers; i++)
        {
            string path = folder.PathOf(i > 0 || !isRaw ? $"{i}.qed" : "0.raw");
            long size = random.Next(1, 9) * 61 * 512;
            if (i == 0 && isRaw)
            {
                File.WriteAllBytes(path, new byte[size]);
            }
            else
            {
                ImageCreation.Run(path, new ImageCreationOptions { SizeBytes = size, ClusterSize = random.Pick<long>(4096, 8192, 65536), TableSize = random.Pick(1, 2), BackingFile = i == 0 ? null : Path.GetFileName(paths[^1]) }, _cancellation);
            }

            paths.Add(path);
            Scribble(path, random, isRaw && i == 0);
            if (random.Next(2) == 0 && Path.GetExtension(path) == ".qed")
            {
                // Zeroes become entries without data.
                ImageOptimization.Run(path, new ImageOptimizationOptions(), cancellation: _cancellation);
            }
        }

        byte[][] before = [.. paths.Select(path => DiskBytes.OfFile(path))];
        int into = random.Next(layers);
        DiskMergeOptions options = new() { Into = paths[into], Keep = keeps };
        QedMergeResult plan = DiskMerge.Plan(paths[^1], options, _cancellation);
        Assert.Equal(before, [.. paths.Select(path => DiskBytes.OfFile(path))]);

        QedMergeResult result = DiskMerge.Run(paths[^1], options, cancellation: _cancellation);

        Assert.Equal(plan, result);
        for (int i = 0; i <= layers; i++)
        {
            byte[] expected = i != into ? before[i]
                : [.. before[^1], .. before[into].Skip(before[^1].Length)];
            Assert.True(expected.AsSpan().SequenceEqual(DiskBytes.OfFile(paths[i])), $"{i} of {layers}, into {into}, raw {isRaw}");
            if (Path.GetExtension(paths[i]) == ".qed")
            {
                Assert.Equal(QedCheckStatus.Clean, ImageCheck.Run(paths[i], new ImageCheckOptions(), cancellation: _cancellation).Status);
            }
        }

        QedImageInfo top = ImageInspection.Run(paths[^1], new ImageInspectionOptions());
        Assert.Equal(keeps ? paths[^2] : paths[into], top.BackingFilePath);
        Assert.Equal(keeps, ImageCheck.Run(paths[^1], new ImageCheckOptions(), cancellation: _cancellation).AllocatedClusters > 0);
        Assert.Equal(isRaw && paths.IndexOf(top.BackingFilePath!) == 0 ? QedBackingFormat.Raw : QedBackingFormat.Probe, top.BackingFormat);
    });

    [Fact(SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu), Skip = Qemu.SkipReason)]
    public void Qemu_reads_what_it_read_before()
    {
        string[] names = ["base.qed", "snapshot.qed", "middle.qed", "top.qed"];
        for (int i = 0; i < names.Length; i++)
        {
            string path = _folder.PathOf(names[i]);
            string[] backing = i == 0 ? [] : ["-b", names[i - 1], "-F", "qed"];
            Qemu.Img(["create", "-q", "-f", "qed", .. backing, path, "1M"]);
            Qemu.Io(path, "qed", $"write -P {i + 1} {i * 100}k 250k", $"write -P {i + 11} {900 - (i * 64)}k 70k");
            Qemu.Img("convert", "-f", "qed", "-O", "raw", path, path + ".raw");
        }

        DiskMerge.Run(_folder.PathOf("top.qed"), new DiskMergeOptions { Into = _folder.PathOf("base.qed") }, cancellation: _cancellation);

        foreach (string name in names)
        {
            string expected = name == "base.qed" ? "top.qed.raw" : name + ".raw";
            Qemu.Img("compare", "-f", "qed", "-F", "raw", _folder.PathOf(name), _folder.PathOf(expected));
            Qemu.Img("check", "-q", "-f", "qed", _folder.PathOf(name));
        }

        Assert.Contains("backing file: base.qed", Qemu.Img("info", _folder.PathOf("top.qed")), StringComparison.Ordinal);
    }

    [Fact]
    public void Other_overlays_of_the_file_are_refused_unless_allowed_and_those_of_the_layers_between_are_not()
    {
        string[] paths = MakeChain(3);
        string over = _folder.PathOf("over-middle.qed");
        ImageCreation.Run(over, new ImageCreationOptions { BackingFile = "1.qed" }, _cancellation);
        byte[] shown = DiskBytes.OfFile(over);
        DiskMergeOptions options = new() { Into = paths[0] };
        DiskMerge.Plan(paths[^1], options, _cancellation);
        ImageCreation.Run(_folder.PathOf("other.qed"), new ImageCreationOptions { BackingFile = "0.qed" }, _cancellation);

        QedBackingFileSharedException error = Assert.Throws<QedBackingFileSharedException>(() => DiskMerge.Run(paths[^1], options, cancellation: _cancellation));
        Assert.Equal([_folder.PathOf("other.qed")], error.Overlays);
        Assert.Throws<QedBackingFileSharedException>(() => DiskMerge.Plan(paths[^1], options, _cancellation));

        DiskMerge.Run(paths[^1], options with { AllowOtherOverlays = true }, cancellation: _cancellation);
        Assert.Equal(shown, DiskBytes.OfFile(over));
    }

    [Fact]
    public void A_file_that_is_not_below_the_overlay_is_refused()
    {
        string[] paths = MakeChain(2);
        foreach (string into in new[] { paths[^1], _folder.PathOf("missing.qed"), _folder.Path })
        {
            Assert.Throws<QedRequestException>(() => DiskMerge.Plan(paths[^1], new DiskMergeOptions { Into = into }, _cancellation));
            Assert.Throws<QedRequestException>(() => DiskMerge.Run(paths[^1], new DiskMergeOptions { Into = into }, cancellation: _cancellation));
        }
    }

    [Fact]
    public void Into_the_own_backing_file_is_an_ordinary_merge()
    {
        string[] paths = MakeChain(2);
        byte[] top = DiskBytes.OfFile(paths[2]);

        QedMergeResult result = DiskMerge.Run(paths[2], new DiskMergeOptions { Into = paths[1] }, cancellation: _cancellation);

        Assert.Equal(0, result.BytesPreserved);
        Assert.Equal("1.qed", ImageInspection.Run(paths[2], new ImageInspectionOptions()).BackingFile);
        Assert.Equal(top, DiskBytes.OfFile(paths[1]));
    }

    [Fact(SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu), Skip = Qemu.SkipReason)]
    public void A_layer_that_cannot_be_written_to_is_a_reason_to_refuse_only_if_it_has_to_be()
    {
        ImageCreation.Run(_folder.PathOf("base.qed"), new ImageCreationOptions { SizeBytes = Size }, _cancellation);
        Qemu.Img("create", "-q", "-f", "qcow2", "-b", "base.qed", "-F", "qed", _folder.PathOf("middle.qcow2"));
        Qemu.Io(_folder.PathOf("middle.qcow2"), "qcow2", "write -P 1 0 64k");
        string top = _folder.PathOf("top.qed");
        ImageCreation.Run(top, new ImageCreationOptions { BackingFile = "middle.qcow2" }, _cancellation);
        DiskMergeOptions options = new() { Into = _folder.PathOf("base.qed"), Keep = true };

        Assert.Equal(64 << 10, DiskMerge.Run(top, options, cancellation: _cancellation).BytesMerged);
        Qemu.Io(top, "qed", "write -P 2 128k 64k");
        Assert.Throws<QedUnsupportedFormatException>(() => DiskMerge.Plan(top, options, _cancellation));
        Assert.Throws<QedUnsupportedFormatException>(() => DiskMerge.Run(top, options, cancellation: _cancellation));
    }

    [Fact]
    public void A_backing_file_in_another_folder_is_recorded_by_its_path()
    {
        Directory.CreateDirectory(_folder.PathOf("golden"));
        string golden = _folder.PathOf("golden/base.qed");
        ImageCreation.Run(golden, new ImageCreationOptions { SizeBytes = Size }, _cancellation);
        ImageCreation.Run(_folder.PathOf("middle.qed"), new ImageCreationOptions { BackingFile = "golden/base.qed" }, _cancellation);
        string top = _folder.PathOf("top.qed");
        ImageCreation.Run(top, new ImageCreationOptions { BackingFile = "middle.qed" }, _cancellation);

        DiskMerge.Run(top, new DiskMergeOptions { Into = golden }, cancellation: _cancellation);

        Assert.Equal(golden, ImageInspection.Run(top, new ImageInspectionOptions()).BackingFilePath);
    }

    [Fact]
    public void A_stopped_merge_leaves_every_overlay_as_it_reads()
    {
        string[] paths = MakeChain(3);
        byte[][] before = [.. paths.Select(path => DiskBytes.OfFile(path))];
        for (int stage = 1; stage <= 3; stage++)
        {
            using CancellationTokenSource source = new();
            Stopper stopper = new(stage, source);
            Assert.ThrowsAny<OperationCanceledException>(() => DiskMerge.Run(paths[^1], new DiskMergeOptions { Into = paths[0] }, stopper, source.Token));
            Assert.Equal(before.Skip(1), paths.Skip(1).Select(path => DiskBytes.OfFile(path)));
        }
    }

    private sealed class Stopper(int stage, CancellationTokenSource source) : IProgress<OperationProgress>
    {
        public void Report(OperationProgress value)
        {
            if (value.Stage == stage)
            {
                source.Cancel();
            }
        }
    }

    private string[] MakeChain(int overlays)
    {
        Random random = new(5);
        List<string> paths = [];
        for (int i = 0; i <= overlays; i++)
        {
            paths.Add(_folder.PathOf($"{i}.qed"));
            ImageCreation.Run(paths[i], new ImageCreationOptions { SizeBytes = Size, ClusterSize = 4096, BackingFile = i == 0 ? null : $"{i - 1}.qed" }, _cancellation);
            Scribble(paths[i], random, isRaw: false);
        }

        return [.. paths];
    }

    // Data and zeroes at random places, also in parts of clusters.
    private static void Scribble(string path, Random random, bool isRaw)
    {
        using Stream disk = isRaw ? File.Open(path, FileMode.Open) : DiskOpening.Run(path, new DiskOpeningOptions { Writable = true });
        for (int count = random.Next(1, 8); count > 0; count--)
        {
            byte[] data = new byte[random.Next(1, (int)Math.Min(disk.Length, 40000))];
            if (random.Next(4) > 0)
            {
                random.NextBytes(data);
            }

            disk.Position = random.NextInt64(disk.Length - data.Length + 1);
            disk.Write(data);
        }
    }
}
