using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Storage;

/// <summary>Block devices as sources, tried on loop devices.</summary>
public sealed class BlockDeviceTests : IDisposable
{
    private const int Size = 3 << 20;

    private readonly TempFolder _folder = new();
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;
    private readonly List<(string Program, string Argument)> _undo = [];

    public void Dispose()
    {
        _undo.Reverse();
        foreach ((string program, string argument) in _undo)
        {
            Qemu.Run(program, program == "losetup" ? ["-d", argument] : [argument]);
        }

        _folder.Dispose();
    }

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public void A_device_is_read_as_the_raw_disk_that_it_is(int sectorSize)
    {
        byte[] contents = DiskBytes.Random(sectorSize, Size);
        "QED\0"u8.CopyTo(contents); // its contents do not decide on the format
        string device = Attach(contents, sectorSize);
        List<string> warnings = [];
        OperationTrace trace = new() { Warning = warnings.Add };

        QedImageInfo info = ImageInspection.Run(device, new ImageInspectionOptions { Trace = trace });
        Assert.Equal(("Raw", Size, Size), (info.Format, info.VirtualSize, info.FileSize));

        QedImageInfo result = DiskConversion.Run(
            device, _folder.PathOf("result.vhdx"), new DiskConversionOptions { Trace = trace, Verify = true }, cancellation: _cancellation);
        Assert.Equal(contents, DiskBytes.OfFile(result.Path));
        Assert.Equal(sectorSize, result.FormatDetails!.LogicalSectorSize);
        Assert.Empty(warnings);

        DiskConversion.Run(device, _folder.PathOf("result.qed"), new DiskConversionOptions { Trace = trace }, cancellation: _cancellation);
        Assert.Equal(sectorSize == 512 ? 0 : 1, warnings.Count); // that QED shows sectors of 512 bytes
        Assert.True(DiskComparison.Run(_folder.PathOf("result.qed"), device, new DiskComparisonOptions(), cancellation: _cancellation).AreEqual);

        using DiskStream stream = DiskOpening.Run(device, new DiskOpeningOptions(), cancellation: _cancellation);
        Assert.Equal(Size, stream.Length);
        Assert.Equal(Size, ImageMapping.Run(device, new ImageMappingOptions(), _cancellation).Sum(extent => extent.Length));
    }

    [Fact]
    public void A_device_is_not_written_to_and_not_followed()
    {
        string device = Attach(new byte[Size], 512);
        Assert.Throws<QedNotAFileException>(() => DiskOpening.Run(device, new DiskOpeningOptions { Writable = true }, cancellation: _cancellation));
        File.WriteAllBytes(_folder.PathOf("source.raw"), new byte[512]);
        Assert.ThrowsAny<QedException>(() => DiskConversion.Run(
            _folder.PathOf("source.raw"), device, new DiskConversionOptions { Format = QedDiskFormat.Raw, Replace = true }, cancellation: _cancellation));
        Assert.Throws<QedNotAFileException>(() => ImageCheck.Run(device, new ImageCheckOptions(), cancellation: _cancellation));

        string overlay = Operations.ImageFiles.Make(_folder.PathOf("overlay.qed"), device, isRaw: true);
        Assert.Throws<QedBackingFileRefusedException>(() => DiskBytes.OfFile(overlay));
    }

    [Fact]
    public void A_mounted_device_gives_a_warning_that_names_the_mount_point()
    {
        Assert.SkipUnless(Qemu.IsOnPath("mkfs.ext4") && Qemu.IsOnPath("mount"), "mkfs.ext4 and mount are not installed");
        string device = Attach(new byte[16 << 20], 512);
        (int code, _, string errors) = Qemu.Run("mkfs.ext4", "-q", device);
        Assert.True(code == 0, errors);
        string mountPoint = _folder.PathOf("mounted here");
        Directory.CreateDirectory(mountPoint);
        (code, _, errors) = Qemu.Run("mount", "-o", "ro", device, mountPoint);
        Assert.SkipUnless(code == 0, $"nothing can be mounted here: {errors}");
        _undo.Add(("umount", mountPoint));

        List<string> warnings = [];
        DiskConversion.Run(
            device,
            _folder.PathOf("result.raw"),
            new DiskConversionOptions { Trace = new OperationTrace { Warning = warnings.Add } },
            cancellation: _cancellation);
        Assert.Contains($"'{mountPoint}'", Assert.Single(warnings), StringComparison.Ordinal);
    }

    private string Attach(byte[] contents, int sectorSize)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName == "root" && Qemu.IsOnPath("losetup"), "only root on Linux attaches loop devices");
        string file = _folder.PathOf("disk.bin");
        File.WriteAllBytes(file, contents);
        (int code, string output, string errors) = Qemu.Run("losetup", "--find", "--show", "--sector-size", $"{sectorSize}", file);
        Assert.SkipUnless(code == 0, $"no loop device can be attached here: {errors}");
        string device = output.Trim();
        _undo.Add(("losetup", device));
        return device;
    }
}
