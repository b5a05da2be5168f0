using System;
using System.Collections.Generic;
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
    private readonly LoopDevices _devices = new();

    public void Dispose()
    {
        _devices.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public void A_device_is_read_as_the_raw_disk_that_it_is(int sectorSize)
    {
        byte[] contents = DiskBytes.Random(sectorSize, Size);
        "QED\0"u8.CopyTo(contents); // its contents do not decide on the format
        string device = _devices.Attach(contents, sectorSize);
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
    public void A_device_is_not_opened_for_writing_and_not_followed()
    {
        string device = _devices.Attach(new byte[Size], 512);
        Assert.Throws<QedNotAFileException>(() => DiskOpening.Run(device, new DiskOpeningOptions { Writable = true }, cancellation: _cancellation));
        Assert.Throws<QedNotAFileException>(() => ImageCheck.Run(device, new ImageCheckOptions(), cancellation: _cancellation));

        string overlay = Operations.ImageFiles.Make(_folder.PathOf("overlay.qed"), device, isRaw: true);
        Assert.Throws<QedBackingFileRefusedException>(() => DiskBytes.OfFile(overlay));
    }

    [Fact]
    public void A_mounted_device_gives_a_warning_that_names_the_mount_point()
    {
        string device = _devices.Attach(new byte[16 << 20], 512);
        string mountPoint = _devices.Mount(device);

        List<string> warnings = [];
        DiskConversion.Run(
            device,
            _folder.PathOf("result.raw"),
            new DiskConversionOptions { Trace = new OperationTrace { Warning = warnings.Add } },
            cancellation: _cancellation);
        Assert.Contains($"'{mountPoint}'", Assert.Single(warnings), StringComparison.Ordinal);
    }
}
