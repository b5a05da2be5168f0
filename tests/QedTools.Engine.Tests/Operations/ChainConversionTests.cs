using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using QedTools.Tests.Storage;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Operations;

/// <summary>A chain stays a chain: each file is converted once, and each result holds what its source holds.</summary>
public sealed class ChainConversionTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    public ChainConversionTests() => Directory.CreateDirectory(Source(string.Empty));

    public void Dispose() => _folder.Dispose();

    public static TheoryData<QedDiskFormat> Formats => [QedDiskFormat.Qed, QedDiskFormat.Qcow2, QedDiskFormat.Vhdx, QedDiskFormat.Vhd];

    [Theory]
    [MemberData(nameof(Formats))]
    public void Overlays_of_one_base_stay_small_and_read_the_same(QedDiskFormat format) => Seeded.Run(firstSeed: 5100, rounds: 6, random =>
    {
        long size = random.Next(100, 6000) * 512L;
        string golden = Create("golden.qed", size, backing: null, random);
        string middle = Create("middle.qed", size, "golden.qed", random);
        string[] tops = [.. Enumerable.Range(0, 4).Select(i => Create($"vm{i}.qed", size, i < 2 ? "golden.qed" : "middle.qed", random))];
        byte[][] before = [.. Directory.GetFiles(Source(string.Empty)).Order().Select(File.ReadAllBytes)];
        DiskConversionOptions options = new() { Format = format, Verify = true, MakeFolder = true, ClusterSize = format is QedDiskFormat.Qed or QedDiskFormat.Qcow2 ? random.Pick<long>(4096, 65536) : null };

        ChainConversionPlan plan = ChainConversion.Plan(tops, _folder.PathOf("out"), options, _cancellation);
        IReadOnlyList<ChainConversionStep> steps = plan.Steps;
        Assert.Equal(steps.Sum(step => step.RequiredBytes), plan.RequiredBytes);
        Assert.Equal(new[] { golden, middle }.Concat(tops).Order(), steps.Select(step => step.Path).Order());
        Assert.False(Directory.Exists(_folder.PathOf("out")));
        foreach (ChainConversionStep step in steps)
        {
            QedImageInfo info = ChainConversion.Run(step, options, cancellation: _cancellation);
            Assert.Equal(step.DestinationPath, info.Path);
            Assert.InRange(info.DiskUsage, 0, step.RequiredBytes + 4096); // the host's last page
            Assert.Equal(step.BackingFile, Path.GetFileName(info.BackingFile));
            Assert.Equal(DiskBytes.OfFile(step.Path), DiskBytes.OfFile(info.Path));

            // Only what the source holds itself, in clusters of the result. VHD and VHDX have blocks of 2 MiB, which Windows stores whole:
            // Hyper-V does not open sparse files.
            if (Host.IsWindows && format is (QedDiskFormat.Vhd or QedDiskFormat.Vhdx))
            {
                continue;
            }

            long own = ImageMapping.Run(step.Path, new ImageMappingOptions(), _cancellation)
                .Where(extent => extent.State == QedExtentState.Data).Sum(extent => extent.Length + (2 * (options.ClusterSize ?? 4096)));
            long stored = ImageMapping.Run(info.Path, new ImageMappingOptions(), _cancellation)
                .Where(extent => extent.State == QedExtentState.Data).Sum(extent => extent.Length);
            Assert.True(stored <= own, $"{Path.GetFileName(step.Path)}: {stored} bytes stored, {own} at most expected");
        }

        Assert.Equal(before, Directory.GetFiles(Source(string.Empty)).Order().Select(File.ReadAllBytes));
        Assert.Throws<QedFileExistsException>(() => ChainConversion.Plan(tops, _folder.PathOf("out"), options, _cancellation));
        Directory.Delete(Source(string.Empty), recursive: true);
        Directory.CreateDirectory(Source(string.Empty));
        foreach (ChainConversionStep step in steps)
        {
            DiskBytes.OfFile(step.DestinationPath); // the new chain does not need the old one
        }

        Directory.Delete(_folder.PathOf("out"), recursive: true);
    });

    [Fact]
    public void Problems_are_found_before_anything_is_written()
    {
        Random random = new(1);
        Create("golden.qed", 1 << 20, backing: null, random);
        string top = Create("vm.qed", 1 << 20, "golden.qed", random);
        string output = _folder.PathOf("out");

        // No format with overlays.
        Assert.Throws<QedRequestException>(() => ChainConversion.Plan([top], output, new DiskConversionOptions { Format = QedDiskFormat.Vdi }, _cancellation));

        // Two files of one name.
        Directory.CreateDirectory(Source("other"));
        File.Copy(Source("golden.qed"), Source("other/golden.qed"));
        string second = Path.Combine(Source("other"), "vm2.qed");
        ImageCreation.Run(second, new ImageCreationOptions { BackingFile = "golden.qed" }, _cancellation);
        Assert.Throws<QedRequestException>(() => ChainConversion.Plan([top, second], output, new DiskConversionOptions { Format = QedDiskFormat.Qcow2 }, _cancellation));

        // Another size than that of the disk below it, which not every format allows; with one size for all it is possible.
        ImageResize.Run(second, 2 << 20, new ImageResizeOptions(), cancellation: _cancellation);
        DiskConversionOptions vhdx = new() { Format = QedDiskFormat.Vhdx };
        Assert.Equal(QedRemedy.EnlargeDisk, Assert.Throws<QedLimitException>(() => ChainConversion.Plan([second], output, vhdx, _cancellation)).Remedy);
        Assert.Equal(2, ChainConversion.Plan([second], output, vhdx with { SizeBytes = 2 << 20 }, _cancellation).Steps.Count);

        // The sources themselves.
        Assert.Throws<QedRequestException>(
            () => ChainConversion.Plan([top], Source(string.Empty), new DiskConversionOptions { Format = QedDiskFormat.Qed, Replace = true }, _cancellation));

        // A broken chain.
        File.Delete(Source("golden.qed"));
        Assert.Throws<QedBackingFileNotFoundException>(
            () => ChainConversion.Plan([top], output, new DiskConversionOptions { Format = QedDiskFormat.Qcow2 }, _cancellation));
        Assert.False(Directory.Exists(output));
    }

    [Fact]
    public void What_is_added_to_a_short_overlay_hides_the_longer_base()
    {
        Random random = new(3);
        Create("golden.qed", 1 << 20, backing: null, random);
        string top = Source("vm.qed");
        ImageCreation.Run(top, new ImageCreationOptions { SizeBytes = 300 * 512, ClusterSize = 4096, BackingFile = "golden.qed" }, _cancellation);
        byte[] expected = new byte[1 << 20];
        DiskBytes.OfFile(top).CopyTo(expected, 0);
        foreach (bool compress in new[] { false, true })
        {
            DiskConversionOptions options = new() { Format = QedDiskFormat.Qcow2, MakeFolder = true, SizeBytes = 1 << 20, Compress = compress, Replace = true };
            QedImageInfo result = ChainConversion.Plan([top], _folder.PathOf("out"), options, _cancellation)
                .Steps.Select(step => ChainConversion.Run(step, options, cancellation: _cancellation)).ToArray()[^1];
            Assert.Equal(expected, DiskBytes.OfFile(result.Path));
        }
    }

    [Fact]
    public void A_base_that_was_moved_takes_its_place_in_the_new_chain()
    {
        Random random = new(2);
        string golden = Create("golden.qed", 1 << 20, backing: null, random);
        string top = Create("vm.qed", 1 << 20, "golden.qed", random);
        byte[] expected = DiskBytes.OfFile(top);
        string moved = _folder.PathOf("moved.qed");
        File.Move(golden, moved);
        DiskConversionOptions options = new() { Format = QedDiskFormat.Qcow2, MakeFolder = true, SourceBackingFile = moved };
        QedImageInfo[] results = [.. ChainConversion.Plan([top], _folder.PathOf("out"), options, _cancellation).Steps.Select(step => ChainConversion.Run(step, options, cancellation: _cancellation))];
        Assert.Equal(["moved.qcow2", "vm.qcow2"], results.Select(result => result.Name));
        Assert.Equal(expected, DiskBytes.OfFile(results[1].Path));
    }

    [Fact(Skip = Host.NotUnix, SkipUnless = nameof(Host.IsUnix), SkipType = typeof(Host))]
    public void A_name_with_a_colon_and_folders_for_backing_files_do_not_matter()
    {
        Random random = new(4);
        Create("x:y.qed", 1 << 20, backing: null, random);
        Create("middle.qed", 1 << 20, "./x:y.qed", random);
        string top = Create("top.qed", 1 << 20, "middle.qed", random);
        DiskConversionOptions options = new() { Format = QedDiskFormat.Qcow2, MakeFolder = true, BackingFolders = [Source(string.Empty)] };
        foreach (ChainConversionStep step in ChainConversion.Plan([top], _folder.PathOf("out"), options, _cancellation).Steps)
        {
            Assert.Equal(DiskBytes.OfFile(step.Path), DiskBytes.OfFile(ChainConversion.Run(step, options, cancellation: _cancellation).Path));
        }
    }

    [Fact]
    public void A_snapshot_and_a_folder_of_a_results_name_are_refused()
    {
        string top = Create("top.qed", 1 << 20, backing: null, new Random(5));
        DiskConversionOptions options = new() { Format = QedDiskFormat.Qcow2, MakeFolder = true };
        Assert.Throws<QedRequestException>(() => ChainConversion.Plan([top], _folder.PathOf("out"), options with { Snapshot = "1" }, _cancellation));
        Directory.CreateDirectory(_folder.PathOf("out/top.qcow2"));
        Assert.Throws<QedNotAFileException>(() => ChainConversion.Plan([top], _folder.PathOf("out"), options, _cancellation));
    }

    private string Source(string name) => Path.Combine(_folder.PathOf("source"), name);

    private string Create(string name, long size, string? backing, Random random)
    {
        string path = Source(name);
        ImageCreation.Run(
            path, new ImageCreationOptions { SizeBytes = size, ClusterSize = random.Pick<long>(4096, 16384), BackingFile = backing, Replace = true }, _cancellation);
        using DiskStream disk = DiskOpening.Run(path, new DiskOpeningOptions { Writable = true, AllowOtherOverlays = true }, cancellation: _cancellation);
        for (int i = random.Next(5); i >= 0; i--)
        {
            byte[] bytes = random.Next(4) == 0 ? new byte[random.Next(1, 50_000)] : DiskBytes.Random(random.Next(), random.Next(1, 50_000));
            disk.Position = random.NextInt64(size);
            disk.Write(bytes, 0, (int)Math.Min(bytes.Length, size - disk.Position));
        }

        return path;
    }
}
