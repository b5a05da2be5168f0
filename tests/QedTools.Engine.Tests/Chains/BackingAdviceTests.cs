using System;
using System.IO;
using QedTools.Chains;
using QedTools.Storage;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Chains;

/// <summary>What an error advises must be possible with the file that it is about.</summary>
public sealed class BackingAdviceTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    [InlineData("qed", "Set-QedBackingFile")]
    [InlineData("qcow2", "qemu-img rebase -u")]
    [InlineData("vmdk", "descriptor")]
    public void Of_a_missing_backing_file_the_way_to_name_another_is_that_of_the_format(string format, string way)
    {
        Qemu.Img("create", "-q", "-f", format, At("base." + format), "1M");
        Qemu.Img("create", "-q", "-f", format, "-b", At("base." + format), "-F", format, At("over." + format));
        File.Delete(At("base." + format));

        AssertAdvice(Open<QedBackingFileNotFoundException>("over." + format), way);
    }

    [Theory]
    [InlineData(null, "Name a file instead.")]
    [InlineData(QedDiskFormat.Qed, "Set-QedBackingFile")]
    [InlineData(QedDiskFormat.Qcow2, "qemu-img rebase -u")]
    [InlineData(QedDiskFormat.Vmdk, "descriptor")]
    [InlineData(QedDiskFormat.Vhd, "Set-VHD")]
    [InlineData(QedDiskFormat.Vhdx, "Set-VHD")]
    public void Of_a_name_that_is_not_followed_the_way_to_name_another_is_that_of_the_format(QedDiskFormat? namedBy, string way)
    {
        foreach (string name in new[] { string.Empty, "a\0b", "json:{\"driver\":\"qcow2\"}", "nbd:localhost:10809", "file:e.qcow2", "https://server.example/a", "a:b" })
        {
            AssertAdvice(Refusal(name, namedBy), way);
        }
    }

    [Theory]
    [InlineData("json:{\"driver\":\"qcow2\",\"file\":{\"driver\":\"file\",\"filename\":\"e.qcow2\"}}")]
    [InlineData("file:e.qcow2")]
    [InlineData("NBD:localhost:10809")]
    [InlineData("unheard-of://server.example/a")]
    public void A_protocol_is_not_taken_for_a_file_with_a_colon(string name) =>
        Assert.DoesNotContain("./", Refusal(name, QedDiskFormat.Qcow2), StringComparison.Ordinal);

    [Fact]
    public void A_file_with_a_colon_can_be_named_as_the_error_says()
    {
        if (OperatingSystem.IsWindows())
        {
            return; // no file has such a name there
        }

        File.WriteAllBytes(At("a:b.raw"), new byte[512]);
        Assert.Contains("'./a:b.raw'", Refusal("a:b.raw", QedDiskFormat.Qed), StringComparison.Ordinal);
        Assert.Equal(512, ImageCreation.Create(At("over.qed"), new() { BackingFile = "./a:b.raw" }, TestContext.Current.CancellationToken).VirtualSize);
    }

    [Fact]
    public void A_tilde_in_a_stored_name_is_a_folder_and_the_error_says_where_the_file_would_be()
    {
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        QedBackingFileNotFoundException error = Assert.Throws<QedBackingFileNotFoundException>(() => Create("~/no such folder/base.qed"));
        Assert.Contains($"'{Path.Combine(home, "no such folder/base.qed")}'", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(home + Path.DirectorySeparatorChar + "x", Assert.Throws<QedBackingFileNotFoundException>(() => Create("x~/base.qed")).Message, StringComparison.Ordinal);

        Directory.CreateDirectory(At("~"));
        File.WriteAllBytes(At("~/base.raw"), new byte[1024]);
        Assert.Equal(1024, Create("~/base.raw").VirtualSize);
    }

    private QedImageInfo Create(string backing) =>
        ImageCreation.Create(At("new.qed"), new() { BackingFile = backing, Replace = true }, TestContext.Current.CancellationToken);

    private string Refusal(string name, QedDiskFormat? namedBy) =>
        Assert.Throws<QedBackingFileRefusedException>(() => BackingFilePath.Resolve(At("over.qed"), name, allowUnc: false, namedBy)).Message;

    private string Open<T>(string name)
        where T : QedException =>
        Assert.Throws<T>(() => BackingChain.OpenAll(At(name), DiskFormats.OfExtension(name), new ChainPolicy(StorageAccess.Read, AllowUnc: false))).Message;

    private static void AssertAdvice(string message, string way)
    {
        Assert.Contains(way, message, StringComparison.Ordinal);
        if (way != "Set-QedBackingFile")
        {
            Assert.DoesNotContain("Set-QedBackingFile", message, StringComparison.Ordinal);
        }
    }

    private string At(string name) => _folder.PathOf(name);
}
