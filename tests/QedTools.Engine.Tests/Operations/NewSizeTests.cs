using System;
using System.IO;
using QedTools.Chains;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Operations;

/// <summary>Conversions to larger disks.</summary>
public sealed class NewSizeTests : IDisposable
{
    private const int MiB = 1 << 20;

    private readonly TempFolder _folder = new();

    /// <summary>All formats that are written.</summary>
    public static TheoryData<QedDiskFormat> Formats => [.. Enum.GetValues<QedDiskFormat>()];

    /// <summary>Those that can name a backing file.</summary>
    public static TheoryData<QedDiskFormat> Overlays => [QedDiskFormat.Qed, QedDiskFormat.Qcow2, QedDiskFormat.Vhdx, QedDiskFormat.Vhd];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_larger_disk_reads_as_the_source_and_then_as_zeroes(QedDiskFormat format)
    {
        byte[] source = Source(MiB + 512);
        string path = Convert(format, new DiskConversionOptions { SizeBytes = (3 * MiB) + 100, Verify = true });
        Assert.Equal([.. source, .. new byte[(2 * MiB)]], DiskBytes.OfFile(path));

        path = Convert(format, new DiskConversionOptions { RoundUpTo = MiB, Replace = true, Verify = true });
        Assert.Equal([.. source, .. new byte[MiB - 512]], DiskBytes.OfFile(path));

        path = Convert(format, new DiskConversionOptions { SizeBytes = (4 * MiB) + 1, RoundUpTo = 3 * MiB, Replace = true });
        Assert.Equal(6 * MiB, DiskBytes.OfFile(path).Length);

        path = Convert(format, new DiskConversionOptions { SizeBytes = 4 * MiB, RoundUpTo = 2 * MiB, Replace = true });
        Assert.Equal(4 * MiB, DiskBytes.OfFile(path).Length);
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public void What_the_backing_file_has_behind_the_source_does_not_show(QedDiskFormat format)
    {
        byte[] below = DiskBytes.Random(7, 3 * MiB);
        File.WriteAllBytes(At("below.raw"), below);
        string name = "below" + DiskFormats.Of(format).Extensions[0];
        DiskConversion.Run(At("below.raw"), At(name), new DiskConversionOptions(), progress: null, TestContext.Current.CancellationToken);
        byte[] source = Source(MiB + 1536);
        string path = Convert(format, new DiskConversionOptions { SizeBytes = 2 * MiB, RoundUpTo = 3 * MiB, BackingFile = name, Verify = true });

        Assert.Equal([.. source, .. new byte[(2 * MiB) - 1536]], DiskBytes.OfFile(path));
    }

    [Theory]
    [InlineData(MiB - 512L, null, "SizeBytes", "cannot make a disk smaller")]
    [InlineData(0L, null, "SizeBytes", "cannot make a disk smaller")]
    [InlineData(-1L, 1048576L, "SizeBytes", "cannot make a disk smaller")]
    [InlineData(null, 0L, "RoundUpTo", "a multiple of 512")]
    [InlineData(null, -512L, "RoundUpTo", "a multiple of 512")]
    [InlineData(null, 1000L, "RoundUpTo", "a multiple of 512")]
    [InlineData(long.MaxValue, 1024L, "RoundUpTo", "9223372036854775807")]
    [InlineData(long.MaxValue, null, "SizeBytes", "cannot hold")]
    public void Sizes_that_cannot_be_are_refused_before_anything_is_made(long? size, long? unit, string parameter, string words)
    {
        Source(MiB);
        DiskConversionOptions options = new() { SizeBytes = size, RoundUpTo = unit };
        foreach (Action act in (Action[])[() => DiskConversion.Plan(At("source.raw"), At("a.vhdx"), options), () => Convert(QedDiskFormat.Vhdx, options)])
        {
            QedLimitException error = Assert.Throws<QedLimitException>(act);
            Assert.Equal(parameter, error.Parameter);
            Assert.Contains(words, error.Message, StringComparison.Ordinal);
        }

        Assert.Equal([At("source.raw")], Directory.GetFiles(_folder.Path));
    }

    [Theory]
    [InlineData(QedAdapterType.Ide, "ide", 16, 8)]
    [InlineData(QedAdapterType.LsiLogic, "lsilogic", 255, 1)]
    [InlineData(QedAdapterType.BusLogic, "buslogic", 255, 1)]
    public void A_VMDK_file_names_its_adapter_and_the_geometry_that_goes_with_it(QedAdapterType adapter, string name, int heads, int cylinders)
    {
        Source(4 * MiB);
        string text = File.ReadAllText(Convert(QedDiskFormat.Vmdk, new DiskConversionOptions { AdapterType = adapter }));

        Assert.Contains($"ddb.adapterType = \"{name}\"", text, StringComparison.Ordinal);
        Assert.Contains($"ddb.geometry.heads = \"{heads}\"", text, StringComparison.Ordinal);
        Assert.Contains("ddb.geometry.sectors = \"63\"", text, StringComparison.Ordinal);
        Assert.Contains($"ddb.geometry.cylinders = \"{cylinders}\"", text, StringComparison.Ordinal);
    }

    [Fact]
    public void No_other_format_names_an_adapter()
    {
        Source(MiB);
        foreach (QedDiskFormat format in Enum.GetValues<QedDiskFormat>())
        {
            if (format != QedDiskFormat.Vmdk)
            {
                Assert.Equal("AdapterType", Assert.Throws<QedRequestException>(() => Convert(format, new() { AdapterType = QedAdapterType.Ide })).Parameter);
            }
        }
    }

    private byte[] Source(int length)
    {
        byte[] bytes = DiskBytes.Random(3, length);
        File.WriteAllBytes(At("source.raw"), bytes);
        return bytes;
    }

    private string Convert(QedDiskFormat format, DiskConversionOptions options) => DiskConversion.Run(
        At("source.raw"), At("result" + DiskFormats.Of(format).Extensions[0]), options, progress: null, TestContext.Current.CancellationToken).Path;

    private string At(string name) => _folder.PathOf(name);
}
