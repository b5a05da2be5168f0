using System;
using System.IO;
using System.Threading;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interchange;

/// <summary>Disks of 0 bytes, which QEMU makes and opens in most formats.</summary>
public sealed class EmptyDiskTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("raw", "raw")]
    [InlineData("qed", "qed")]
    [InlineData("qcow2", "qcow2")]
    [InlineData("vdi", "vdi")]
    [InlineData("vhd", "vpc")]
    public void They_are_converted_and_compared_in_every_format_that_allows_them(string extension, string theirs)
    {
        ImageCreation.Run(At("a.qed"), new() { SizeBytes = 0 }, Cancellation);
        QedImageInfo info = Convert("a.qed", "b." + extension);

        Assert.Equal(0, info.VirtualSize);
        Assert.Equal(0, Convert("b." + extension, "c.qed").VirtualSize);
        Assert.True(Compare("b." + extension, "a.qed"));
        Assert.True(Compare("c.qed", "a.qed"));
        Assert.Equal(0, ImageCreation.Run(At("over.qed"), new() { BackingFile = "b." + extension }, Cancellation).VirtualSize);
        Assert.True(Compare("over.qed", "a.qed"));
        using (Stream stream = DiskOpening.Run(At("b." + extension), new(), cancellation: Cancellation))
        {
            Assert.Equal(0, stream.Length);
            Assert.Equal(-1, stream.ReadByte());
        }

        if (Qemu.IsInstalled)
        {
            Assert.Contains("identical", Qemu.Img("compare", "-s", "-f", theirs, "-F", "qed", At("b." + extension), At("a.qed")), StringComparison.Ordinal);
            Assert.Contains("(0 bytes)", Qemu.Img("info", "-f", theirs, At("b." + extension)), StringComparison.Ordinal);
        }
    }

    [Theory(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    [InlineData("raw", "raw")]
    [InlineData("qed", "qed")]
    [InlineData("qcow2", "qcow2")]
    [InlineData("vdi", "vdi")]
    [InlineData("vhd", "vpc")]
    [InlineData("vhdx", "vhdx")]
    public void Those_that_QEMU_creates_are_read(string extension, string theirs)
    {
        Qemu.Img("create", "-q", "-f", theirs, At("theirs." + extension), "0");

        Assert.Equal(0, Convert("theirs." + extension, "a.qed").VirtualSize);
        Assert.True(Compare("theirs." + extension, "a.qed"));
    }

    [Theory]
    [InlineData("a.vmdk", false)]
    [InlineData("a.vhdx", false)]
    [InlineData("a.vhdx", true)]
    [InlineData("a.vhd", true)]
    public void If_a_file_type_cannot_hold_one_the_error_says_that_the_source_is_empty(string name, bool isFixed)
    {
        File.WriteAllBytes(At("a.raw"), []);

        QedLimitException error = Assert.Throws<QedLimitException>(() => DiskConversion.Run(At("a.raw"), At(name), new() { IsFixed = isFixed }, cancellation: Cancellation));

        Assert.Contains("The source is empty", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("SizeBytes", error.Message, StringComparison.Ordinal);
        Assert.Equal([At("a.raw")], Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void A_source_that_is_too_large_is_not_reported_as_a_wrong_parameter()
    {
        using (FileStream file = File.Create(At("a.raw")))
        {
            file.SetLength(3L << 40);
        }

        QedLimitException error = Assert.Throws<QedLimitException>(() => Convert("a.raw", "a.vhd"));

        Assert.Contains("cannot hold a disk of 3298534883328 bytes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_operation_works_on_empty_images()
    {
        string image = At("a.qed");
        ImageCreation.Run(image, new() { SizeBytes = 0 }, Cancellation);
        ImageCreation.Run(At("over.qed"), new() { BackingFile = "a.qed" }, Cancellation);

        Assert.Equal(QedCheckStatus.Clean, ImageCheck.Run(image, new ImageCheckOptions(), progress: null, Cancellation).Status);
        Assert.Empty(ImageMapping.Run(At("over.qed"), new() { BackingChain = true }, Cancellation));
        Assert.Equal(0, DiskMerge.Run(At("over.qed"), new(), cancellation: Cancellation).BytesMerged);
        Assert.Equal(0, ImageOptimization.Run(image, new(), cancellation: Cancellation).ZeroedClusters);
        Assert.Equal(QedCheckStatus.Clean, ImageRepair.Run(image, new(), cancellation: Cancellation).After.Status);
        Assert.Null(BackingFileChange.Run(At("over.qed"), new() { PreserveContent = true }, cancellation: Cancellation).BackingFile);
        Assert.Equal(1 << 20, ImageResize.Run(image, 1 << 20, new(), cancellation: Cancellation).VirtualSize);
        Assert.Throws<QedShrinkException>(() => ImageResize.Run(image, 0, new(), cancellation: Cancellation));
        using (Stream stream = DiskOpening.Run(image, new() { Writable = true }, cancellation: Cancellation))
        {
            stream.WriteByte(1);
        }

        Assert.Equal(0, ImageResize.Run(image, 0, new() { Shrink = true }, cancellation: Cancellation).VirtualSize);
        QedCheckResult check = ImageCheck.Run(image, new ImageCheckOptions(), progress: null, Cancellation);
        Assert.Equal(QedCheckStatus.Clean, check.Status);
        Assert.Equal(0, check.AllocatedClusters);
        using (Stream stream = DiskOpening.Run(image, new() { Writable = true }, cancellation: Cancellation))
        {
            Assert.Equal(0, stream.Length);
        }

        Assert.Equal(1 << 20, ImageResize.Run(image, 1 << 20, new(), cancellation: Cancellation).VirtualSize);
        using Stream grown = DiskOpening.Run(image, new(), cancellation: Cancellation);
        Assert.Equal(0, grown.ReadByte());
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private QedImageInfo Convert(string from, string to) => DiskConversion.Run(At(from), At(to), new() { Verify = true, Replace = true }, cancellation: Cancellation);

    private bool Compare(string one, string other) => DiskComparison.Run(At(one), At(other), new() { Strict = true }, cancellation: Cancellation).AreEqual;

    private string At(string name) => _folder.PathOf(name);
}
