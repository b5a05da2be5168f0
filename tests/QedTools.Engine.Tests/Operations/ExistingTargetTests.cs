using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using QedTools.Storage;
using QedTools.Tests.DataPlane;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Operations;

/// <summary>A conversion into a raw file or a block device that is there: all of the disk is written, and nothing beyond it.</summary>
public sealed class ExistingTargetTests : IDisposable
{
    private static readonly DiskConversionOptions Into = new() { IntoExisting = true, Replace = true };

    private readonly TempFolder _folder = new();
    private readonly LoopDevices _devices = new();
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _devices.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void The_disk_replaces_what_is_there_and_the_rest_stays() => Seeded.Run(firstSeed: 7300, rounds: 25, random =>
    {
        byte[] disk = Sparse(random, 512 * random.Next(1, 3000));
        byte[] present = DiskBytes.Random(random.Next(), disk.Length + (random.Next(2) * random.Next(1, 100_000)));
        string source = MakeSource(disk, random.Pick("qed", "qcow2", "raw"));
        string target = _folder.PathOf("target.raw");
        File.WriteAllBytes(target, present);

        // The model: the disk, then what was there.
        byte[] expected = [.. disk, .. present.AsSpan(disk.Length)];
        DiskConversionPlan plan = DiskConversion.Plan(source, target, Into, _cancellation);
        Assert.Equal((disk.Length, present.Length, false), (plan.VirtualSize, plan.OverwrittenBytes, plan.OverwritesDevice));
        Assert.Equal(present, File.ReadAllBytes(target));

        QedImageInfo info = DiskConversion.Run(source, target, Into with { Verify = random.Next(2) == 0 }, cancellation: _cancellation);
        Assert.Equal(("Raw", present.Length), (info.Format, info.VirtualSize));
        Assert.Equal(expected, File.ReadAllBytes(target));
    });

    [Fact]
    public void The_bytes_are_those_that_qemu_img_writes()
    {
        Assert.SkipUnless(Qemu.IsInstalled, "qemu-img is not installed");
        Random random = new(7);
        byte[] disk = Sparse(random, 3 << 20);
        string source = MakeSource(disk, "qed");
        byte[] present = DiskBytes.Random(8, disk.Length);
        string ours = _folder.PathOf("ours.raw");
        string theirs = _folder.PathOf("theirs.raw");
        File.WriteAllBytes(ours, present);
        File.WriteAllBytes(theirs, present);
        DiskConversion.Run(source, ours, Into, cancellation: _cancellation);
        Qemu.Img("convert", "-n", "-f", "qed", "-O", "raw", source, theirs);
        Assert.Equal(File.ReadAllBytes(theirs), File.ReadAllBytes(ours));
    }

    [Fact]
    public void Zeroes_become_holes_and_are_left_out_where_the_target_is_zero()
    {
        byte[] disk = new byte[8 << 20];
        disk.AsSpan(1 << 20, 4096).Fill(1);
        string source = MakeSource(disk, "qed");
        string target = _folder.PathOf("target.raw");
        File.WriteAllBytes(target, DiskBytes.Random(1, disk.Length));
        QedImageInfo info = DiskConversion.Run(source, target, Into, cancellation: _cancellation);
        Assert.Equal(disk, File.ReadAllBytes(target));
        if (OperatingSystem.IsLinux())
        {
            Assert.InRange(info.DiskUsage, 4096, 1 << 20);
        }

        // It was said to be zero: what is not stored is left alone, which shows that no zeroes were written.
        File.WriteAllBytes(target, DiskBytes.Random(2, disk.Length));
        byte[] before = File.ReadAllBytes(target);
        DiskConversion.Run(source, target, Into with { TargetIsZero = true }, cancellation: _cancellation);
        byte[] after = File.ReadAllBytes(target);
        Assert.Equal(disk[(1 << 20)..((1 << 20) + 4096)], after[(1 << 20)..((1 << 20) + 4096)]);
        Assert.Equal(before[..(1 << 20)], after[..(1 << 20)]);
        Assert.Equal(before[(2 << 20)..], after[(2 << 20)..]);
    }

    [Fact]
    public void The_last_sector_is_filled_with_zeroes()
    {
        byte[] disk = DiskBytes.Random(13, 1000);
        string source = _folder.PathOf("odd.raw");
        File.WriteAllBytes(source, disk);
        byte[] present = DiskBytes.Random(14, 2048);
        string target = _folder.PathOf("target.raw");
        File.WriteAllBytes(target, present);
        DiskConversion.Run(source, target, Into, cancellation: _cancellation);
        Assert.Equal([.. disk, .. new byte[24], .. present.AsSpan(1024)], File.ReadAllBytes(target));
    }

    [Fact]
    public void What_cannot_be_done_is_refused_and_nothing_is_written()
    {
        string source = MakeSource(DiskBytes.Random(3, 1 << 20), "qed");
        string target = _folder.PathOf("target.raw");
        byte[] present = DiskBytes.Random(4, 1 << 20);
        File.WriteAllBytes(target, present);
        string small = _folder.PathOf("small.raw");
        File.WriteAllBytes(small, new byte[(1 << 20) - 1]);
        string other = _folder.PathOf("other.qcow2");
        File.WriteAllBytes(other, present);

        Assert.Throws<QedFileExistsException>(() => Convert(target, Into with { Replace = false }));
        Assert.Throws<QedLimitException>(() => Convert(small, Into));
        Assert.Throws<QedFileNotFoundException>(() => Convert(_folder.PathOf("missing.raw"), Into));
        Assert.Throws<QedRequestException>(() => Convert(source, Into with { Format = QedDiskFormat.Raw }));
        Assert.Throws<QedRequestException>(() => Convert(target, Into with { Format = QedDiskFormat.Qcow2 }));
        Assert.Throws<QedRequestException>(() => Convert(other, Into));
        Assert.Throws<QedRequestException>(() => Convert(target, Into with { BackingFile = source }));
        Assert.Throws<QedRequestException>(() => Convert(target, Into with { Compress = true }));
        Assert.Throws<QedRequestException>(() => Convert(target, Into with { SizeBytes = 2 << 20 }));
        Assert.Throws<QedRequestException>(() => Convert(_folder.PathOf("new.raw"), new DiskConversionOptions { TargetIsZero = true }));
        using (HostFiles.Open(target, StorageAccess.Write))
        {
            Assert.Throws<QedImageInUseException>(() => Convert(target, Into));
        }

        Assert.Equal(present, File.ReadAllBytes(target));
        Assert.Equal(present, File.ReadAllBytes(other));
        Convert(other, Into with { Format = QedDiskFormat.Raw }); // its format was named

        void Convert(string path, DiskConversionOptions options) => DiskConversion.Run(source, path, options, cancellation: _cancellation);
    }

    [Fact]
    public void A_failure_in_the_middle_says_that_the_target_is_incomplete()
    {
        string source = MakeSource(DiskBytes.Random(5, 4 << 20), "qed");
        string target = _folder.PathOf("target.raw");
        File.WriteAllBytes(target, new byte[4 << 20]);
        List<string> warnings = [];
        HostFiles.Interceptor.Value = storage => storage.Path == target
            ? new FaultyStorage(storage) { Kind = StorageCall.Write, Number = 3 }
            : storage;
        try
        {
            Assert.ThrowsAny<QedException>(() => DiskConversion.Run(
                source, target, Into with { Trace = new OperationTrace { Warning = warnings.Add } }, cancellation: _cancellation));
        }
        finally
        {
            HostFiles.Interceptor.Value = null;
        }

        Assert.Contains("only a part", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public void A_device_holds_the_disk_afterwards(int sectorSize)
    {
        byte[] disk = Sparse(new Random(9), 3 << 20);
        byte[] present = DiskBytes.Random(10, 4 << 20);
        string device = _devices.Attach(present, sectorSize);
        string source = MakeSource(disk, "qed");

        Assert.Throws<QedFileExistsException>(() => DiskConversion.Run(source, device, new DiskConversionOptions(), cancellation: _cancellation));
        DiskConversionOptions options = new() { Replace = true, Verify = true };
        DiskConversionPlan plan = DiskConversion.Plan(source, device, options, _cancellation);
        Assert.Equal((present.Length, true), (plan.OverwrittenBytes, plan.OverwritesDevice));
        Assert.Equal(present, File.ReadAllBytes(_devices.FileOf(0)));
        QedImageInfo info = DiskConversion.Run(source, device, options, cancellation: _cancellation);
        Assert.Equal(("Raw", present.Length), (info.Format, info.VirtualSize));
        Assert.Equal([.. disk, .. present.AsSpan(disk.Length)], File.ReadAllBytes(_devices.FileOf(0)));
    }

    [Fact]
    public void A_device_that_is_mounted_or_read_is_never_overwritten()
    {
        byte[] present = DiskBytes.Random(11, 16 << 20);
        string device = _devices.Attach(present, 512);
        DiskConversionOptions options = new() { Replace = true };
        Assert.Throws<QedRequestException>(() => DiskConversion.Run(device, device, options, cancellation: _cancellation));

        string mountPoint = _devices.Mount(device);
        byte[] mounted = File.ReadAllBytes(_devices.FileOf(0));
        string source = MakeSource(DiskBytes.Random(12, 1 << 20), "qed");
        QedImageInUseException error = Assert.Throws<QedImageInUseException>(() => DiskConversion.Plan(source, device, options, _cancellation));
        Assert.Contains($"'{mountPoint}'", error.Message, StringComparison.Ordinal);
        Assert.Throws<QedImageInUseException>(() => DiskConversion.Run(source, device, options, cancellation: _cancellation));
        Assert.Equal(mounted, File.ReadAllBytes(_devices.FileOf(0)));
    }

    [Fact]
    public void A_device_is_not_overwritten_from_its_own_partition()
    {
        Assert.SkipUnless(Qemu.IsOnPath("sfdisk"), "sfdisk is not installed");
        string device = _devices.Attach(new byte[16 << 20], 512, "--partscan");
        string name = Path.GetFileName(device);
        (int code, _, string errors) = Qemu.Run("sh", "-c", $"echo 'start=2048, size=8192' | sfdisk --quiet {device}");
        string number = $"/sys/block/{name}/{name}p1/dev";
        Assert.SkipUnless(code == 0 && File.Exists(number), $"this machine has no partitions of loop devices: {errors}");

        // Where no daemon makes it.
        string partition = _folder.PathOf("partition");
        (code, _, errors) = Qemu.Run("mknod", [partition, "b", .. File.ReadAllText(number).Trim().Split(':')]);
        Assert.SkipUnless(code == 0, $"no device can be made here: {errors}");
        foreach ((string source, string target) in new[] { (partition, device), (device, partition) })
        {
            Assert.Throws<QedRequestException>(() => DiskConversion.Run(
                source, target, new DiskConversionOptions { Replace = true }, cancellation: _cancellation));
        }
    }

    // Data, zeroes that are stored and zeroes that are not.
    private static byte[] Sparse(Random random, int length)
    {
        byte[] disk = new byte[length];
        for (int i = 0; i < 6; i++)
        {
            int start = random.Next(length);
            random.NextBytes(disk.AsSpan(start, random.Next(Math.Min(200_000, length - start))));
        }

        return disk;
    }

    private string MakeSource(byte[] disk, string extension)
    {
        string raw = _folder.PathOf("source-contents.raw");
        string path = _folder.PathOf("source." + extension);
        File.WriteAllBytes(raw, disk);
        DiskConversion.Run(raw, path, new DiskConversionOptions { Replace = true }, cancellation: _cancellation);
        return path;
    }
}
