using System;
using System.IO;
using QedTools.Chains;
using QedTools.Storage;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Chains;

/// <summary>An error about a backing file's name says which kind of file stores that name, so that the advice can be followed.</summary>
public sealed class BackingNameErrorTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    [InlineData("qed", QedDiskFormat.Qed)]
    [InlineData("qcow2", QedDiskFormat.Qcow2)]
    [InlineData("vmdk", QedDiskFormat.Vmdk)]
    public void A_missing_backing_file_is_reported_with_the_format_of_the_image_that_names_it(string format, QedDiskFormat namedBy)
    {
        Qemu.Img("create", "-q", "-f", format, At("base." + format), "1M");
        Qemu.Img("create", "-q", "-f", format, "-b", At("base." + format), "-F", format, At("over." + format));
        File.Delete(At("base." + format));

        QedBackingFileNotFoundException error = Assert.Throws<QedBackingFileNotFoundException>(() =>
            BackingChain.OpenAll(At("over." + format), DiskFormats.OfExtension("over." + format), new ChainPolicy(StorageAccess.Read, AllowUnc: false)));
        Assert.Equal((QedRemedy.NameBackingFile, namedBy), (error.Remedy, error.NamedBy!.Value));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(QedDiskFormat.Qed)]
    [InlineData(QedDiskFormat.Vhdx)]
    public void A_name_that_is_not_followed_is_reported_with_the_format_that_stores_it(QedDiskFormat? namedBy)
    {
        foreach (string name in new[] { string.Empty, "a\0b", "json:{\"driver\":\"qcow2\"}", "nbd:localhost:10809", "file:e.qcow2", "https://server.example/a", "a:b" })
        {
            QedBackingFileRefusedException error = Refusal(name, namedBy);
            Assert.Equal((QedRemedy.NameBackingFile, namedBy), (error.Remedy, error.NamedBy));
        }
    }

    [Theory]
    [InlineData("json:{\"driver\":\"qcow2\",\"file\":{\"driver\":\"file\",\"filename\":\"e.qcow2\"}}")]
    [InlineData("file:e.qcow2")]
    [InlineData("NBD:localhost:10809")]
    [InlineData("unheard-of://server.example/a")]
    public void A_protocol_is_not_mistaken_for_a_file_name_with_a_colon(string name) =>
        Assert.DoesNotContain("./", Refusal(name, QedDiskFormat.Qcow2).Message, StringComparison.Ordinal);

    [Fact]
    public void A_file_with_a_colon_can_be_named_as_the_error_says()
    {
        if (OperatingSystem.IsWindows())
        {
            return; // a file cannot have such a name there
        }

        File.WriteAllBytes(At("a:b.raw"), new byte[512]);
        Assert.Contains("'./a:b.raw'", Refusal("a:b.raw", QedDiskFormat.Qed).Message, StringComparison.Ordinal);
        Assert.Equal(512, ImageCreation.Run(At("over.qed"), new() { BackingFile = "./a:b.raw" }, TestContext.Current.CancellationToken).VirtualSize);
    }

    [Fact]
    public void A_tilde_in_a_stored_name_is_a_folder_name_and_the_error_shows_the_full_path()
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
        ImageCreation.Run(At("new.qed"), new() { BackingFile = backing, Replace = true }, TestContext.Current.CancellationToken);

    private QedBackingFileRefusedException Refusal(string name, QedDiskFormat? namedBy) =>
        Assert.Throws<QedBackingFileRefusedException>(() => BackingFilePath.Resolve(At("over.qed"), name, allowUnc: false, namedBy));

    private string At(string name) => _folder.PathOf(name);
}
