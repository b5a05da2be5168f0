using System;
using System.IO;
using QedTools.Chains;
using QedTools.Tests.Storage;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Chains;

public sealed class BackingFilePathTests
{
    private static readonly string Folder = Path.GetFullPath(Path.Combine(Path.GetTempPath(), "images"));
    private static readonly string Image = Path.Combine(Folder, "overlay.qed");

    [Theory]
    [InlineData("base.qed", "base.qed")]
    [InlineData("./base.qed", "base.qed")]
    [InlineData("sub/base.qed", "sub/base.qed")]
    [InlineData("../base.qed", "../base.qed")]
    [InlineData("Basis mit Größe 基底.raw", "Basis mit Größe 基底.raw")]
    [InlineData(" leading and trailing ", " leading and trailing ")]
    public void A_relative_name_is_relative_to_the_folder_of_the_image(string name, string expected) =>
        Assert.Equal(Path.GetFullPath(Path.Combine(Folder, expected)), BackingFilePath.Resolve(Image, name, allowUnc: false));

    [Fact]
    public void A_relative_name_is_relative_to_the_folder_of_the_image_and_not_the_current_one()
    {
        string resolved = BackingFilePath.Resolve(Path.Combine("some-folder", "overlay.qed"), "base.qed", allowUnc: false);

        Assert.Equal(Path.GetFullPath(Path.Combine("some-folder", "base.qed")), resolved);
    }

    [Fact]
    public void An_absolute_name_stays_as_it_is()
    {
        string name = Path.GetFullPath(Path.Combine(Path.GetTempPath(), "elsewhere", "base.qed"));

        Assert.Equal(name, BackingFilePath.Resolve(Image, name, allowUnc: false));
    }

    [Theory]
    [InlineData("nbd:localhost:10809")]
    [InlineData("nbd://localhost/disk")]
    [InlineData("http://images.example/base.qed")]
    [InlineData("https://images.example/base.qed")]
    [InlineData("HTTP://images.example/base.qed")]
    [InlineData("ssh://host/base.qed")]
    [InlineData("file:base.qed")]
    [InlineData("file:/srv/base.qed")]
    [InlineData("file:///srv/base.qed")]
    [InlineData("fat:rw:/srv")]
    [InlineData("json:{\"driver\":\"raw\",\"file\":{\"driver\":\"file\",\"filename\":\"/srv/x\"}}")]
    [InlineData("json:{}")]
    [InlineData("rbd:pool/image")]
    [InlineData("not:a-protocol.qed")]
    [InlineData(":")]
    [InlineData(":base.qed")]
    public void A_protocol_is_never_followed(string name)
    {
        QedBackingFileRefusedException error =
            Assert.Throws<QedBackingFileRefusedException>(() => BackingFilePath.Resolve(Image, name, allowUnc: true));

        Assert.True(BackingFilePath.HasProtocol(name));
        Assert.Equal(name, error.BackingFile);
        Assert.Equal(Image, error.Path);
        Assert.Contains("protocol", error.Message, StringComparison.Ordinal);
        Assert.Null(BackingFilePath.TryResolve(Image, name));
    }

    [Theory]
    [InlineData("./not:a-protocol.qed")]
    [InlineData("sub/a:b.qed")]
    [InlineData("../a:b")]
    public void A_colon_after_a_slash_is_not_a_protocol(string name)
    {
        Assert.False(BackingFilePath.HasProtocol(name));
        Assert.Equal(Path.GetFullPath(Path.Combine(Folder, name)), BackingFilePath.Resolve(Image, name, allowUnc: false));
    }

    [Fact(Skip = Host.NotUnix, SkipUnless = nameof(Host.IsUnix), SkipType = typeof(Host))]
    public void A_colon_in_an_absolute_path_is_not_a_protocol() =>
        Assert.Equal("/srv/a:b", BackingFilePath.Resolve(Image, "/srv/a:b", allowUnc: false));

    [Fact]
    public void The_error_for_a_name_with_a_colon_says_how_to_store_it()
    {
        QedBackingFileRefusedException error =
            Assert.Throws<QedBackingFileRefusedException>(() => BackingFilePath.Resolve(Image, "a:b", allowUnc: false));

        Assert.Contains("'./a:b'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_name_does_not_resolve()
    {
        Assert.Throws<QedBackingFileRefusedException>(() => BackingFilePath.Resolve(Image, string.Empty, allowUnc: true));
        Assert.Null(BackingFilePath.TryResolve(Image, string.Empty));
    }

    [Theory]
    [InlineData("base\0.raw")]
    [InlineData("\0")]
    [InlineData("base.raw\0")]
    public void A_name_with_NUL_does_not_resolve_and_is_never_cut_there(string name)
    {
        QedBackingFileRefusedException error =
            Assert.Throws<QedBackingFileRefusedException>(() => BackingFilePath.Resolve(Image, name, allowUnc: true));

        Assert.Contains("NUL", error.Message, StringComparison.Ordinal);
        Assert.Null(BackingFilePath.TryResolve(Image, name));
    }

    [Theory(Skip = Host.NotUnix, SkipUnless = nameof(Host.IsUnix), SkipType = typeof(Host))]
    [InlineData(@"C:\images\base.qed")]
    [InlineData("c:/images/base.qed")]
    [InlineData("Z:")]
    public void On_other_systems_a_drive_letter_is_reported_as_a_Windows_path(string name)
    {
        QedBackingFileRefusedException error =
            Assert.Throws<QedBackingFileRefusedException>(() => BackingFilePath.Resolve(Image, name, allowUnc: true));

        Assert.Contains("Windows path", error.Message, StringComparison.Ordinal);
    }

    [Theory(Skip = Host.NotUnix, SkipUnless = nameof(Host.IsUnix), SkipType = typeof(Host))]
    [InlineData("c:base.qed")]
    [InlineData("1:/base.qed")]
    [InlineData("é:/base.qed")]
    public void One_character_and_a_colon_that_are_not_a_drive_are_a_protocol(string name)
    {
        QedBackingFileRefusedException error =
            Assert.Throws<QedBackingFileRefusedException>(() => BackingFilePath.Resolve(Image, name, allowUnc: true));

        Assert.Contains("protocol", error.Message, StringComparison.Ordinal);
    }

    [Fact(Skip = Host.NotUnix, SkipUnless = nameof(Host.IsUnix), SkipType = typeof(Host))]
    public void A_UNC_path_is_an_ordinary_file_name_where_backslashes_are_not_separators() => Assert.Equal(
        Folder + @"/\\server.example\share\base.qed",
        BackingFilePath.Resolve(Image, @"\\server.example\share\base.qed", allowUnc: false));

    [Theory(Skip = Host.NotWindows, SkipUnless = nameof(Host.IsWindows), SkipType = typeof(Host))]
    [InlineData(@"C:\images\base.qed", @"C:\images\base.qed")]
    [InlineData("c:/images/base.qed", @"c:\images\base.qed")]
    [InlineData(@"D:\a\..\base.qed", @"D:\base.qed")]
    public void A_drive_letter_is_followed_on_Windows(string name, string path)
    {
        Assert.False(BackingFilePath.HasProtocol(name));
        Assert.Equal(path, BackingFilePath.Resolve(Image, name, allowUnc: false));
    }

    [Theory(Skip = Host.NotWindows, SkipUnless = nameof(Host.IsWindows), SkipType = typeof(Host))]
    [InlineData(@"\\server.example\share\base.qed")]
    [InlineData("//server.example/share/base.qed")]
    [InlineData(@"\/server.example\share\base.qed")]
    public void A_share_is_followed_only_if_that_is_allowed_or_the_image_is_on_it(string name)
    {
        QedBackingFileRefusedException error =
            Assert.Throws<QedBackingFileRefusedException>(() => BackingFilePath.Resolve(Image, name, allowUnc: false));

        Assert.Equal(QedRemedy.AllowNetworkShares, error.Remedy);
        Assert.Throws<QedBackingFileRefusedException>(() => BackingFilePath.Resolve(@"\\server.example\other\top.qed", name, allowUnc: false));
        Assert.Equal(@"\\server.example\share\base.qed", BackingFilePath.Resolve(Image, name, allowUnc: true));
        Assert.Equal(
            @"\\server.example\share\base.qed", BackingFilePath.Resolve(@"\\SERVER.example\share\images\top.qed", name, allowUnc: false));
    }

    [Theory(Skip = Host.NotWindows, SkipUnless = nameof(Host.IsWindows), SkipType = typeof(Host))]
    [InlineData(@"\\.\PhysicalDrive0")]
    [InlineData("//./PhysicalDrive0")]
    [InlineData(@"\\?\C:\base.qed")]
    [InlineData(@"\\.\pipe\server")]
    [InlineData("NUL")]
    [InlineData("con")]
    [InlineData("COM1")]
    public void A_device_is_never_followed_on_Windows(string name)
    {
        QedBackingFileRefusedException error =
            Assert.Throws<QedBackingFileRefusedException>(() => BackingFilePath.Resolve(Image, name, allowUnc: true));

        Assert.Contains("device", error.Message, StringComparison.Ordinal);
    }

    // The kernel, and so QEMU, goes up from the real folder; resolving the path as text would go up from the link.
    [Fact(Skip = Host.NotUnix, SkipUnless = nameof(Host.IsUnix), SkipType = typeof(Host))]
    public void Two_dots_in_a_name_go_up_from_the_real_folder_of_the_image()
    {
        using TempFolder folder = new();
        Directory.CreateDirectory(folder.PathOf("real/inner"));
        string expected = folder.PathOf("real/base.raw");
        File.WriteAllText(expected, "the right one");
        File.WriteAllText(folder.PathOf("base.raw"), "the wrong one");
        Directory.CreateSymbolicLink(folder.PathOf("link"), folder.PathOf("real/inner"));

        string resolved = BackingFilePath.Resolve(folder.PathOf("link/overlay.qed"), "../base.raw", allowUnc: false);

        Assert.Equal("the right one", File.ReadAllText(resolved));
    }
}
