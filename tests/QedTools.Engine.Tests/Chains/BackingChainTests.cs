using System;
using System.IO;
using System.Linq;
using QedTools.Chains;
using QedTools.Storage;
using QedTools.Tests.Operations;
using QedTools.Tests.Storage;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Chains;

public sealed class BackingChainTests : IDisposable
{
    private static readonly ChainPolicy Reading = new(StorageAccess.Read, AllowUnc: false);

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("base.qed", new[] { "QED base.qed" })]
    [InlineData("over-qed.qed", new[] { "QED over-qed.qed", "QED base.qed" })]
    [InlineData("three-top.qed", new[] { "QED three-top.qed", "QED three-middle.qed", "QED base.qed" })]
    [InlineData("over-raw.qed", new[] { "QED over-raw.qed", "Raw base.raw" })]
    [InlineData("over-raw-probed.qed", new[] { "QED over-raw-probed.qed", "Raw base.raw" })]
    [InlineData("over-shorter.qed", new[] { "QED over-shorter.qed", "Raw short.raw" })]
    [InlineData("over-longer.qed", new[] { "QED over-longer.qed", "Raw base.raw" })]
    [InlineData("over-name-cluster-2.qed", new[] { "QED over-name-cluster-2.qed", "Raw base.raw" })]
    [InlineData("over-disguised.qed", new[] { "QED over-disguised.qed", "Raw disguised.raw" })]
    [InlineData("Überlagerung 重ね.qed", new[] { "QED Überlagerung 重ね.qed", "Raw Basis mit Größe 基底.raw" })]
    [InlineData("over-other-folder.qed", new[] { "QED over-other-folder.qed", "QED base-4k.qed" })]
    public void The_layers_come_in_order_each_with_its_format(string name, string[] expected)
    {
        using BackingChain chain = OpenAll(Fixture.PathOf("chains/" + name));

        Assert.Equal(expected, chain.Layers.Select(layer => $"{layer.FormatName} {Path.GetFileName(layer.Storage.Path)}"));
    }

    [Fact]
    public void OpenTop_opens_no_backing_file()
    {
        using BackingChain chain = BackingChain.OpenTop(Fixture.PathOf("chains/name-missing.qed"), DiskFormats.Qed, Reading);

        Assert.Equal("missing.qed", Assert.Single(chain.Layers).Backing?.Name);
    }

    [Fact]
    public void A_raw_layer_is_as_long_as_its_file_and_ends_the_chain()
    {
        using BackingChain chain = OpenAll(Fixture.PathOf("chains/over-shorter.qed"));

        Assert.Equal(65536, chain.Layers[0].VirtualSize);
        Assert.Equal(10000, chain.Layers[1].VirtualSize);
        Assert.False(chain.OpenNext());
    }

    [Fact]
    public void A_missing_backing_file_is_named_with_the_path_that_was_tried()
    {
        string image = Fixture.PathOf("chains/name-missing.qed");

        QedBackingFileNotFoundException error = Assert.Throws<QedBackingFileNotFoundException>(() => OpenAll(image));

        Assert.Equal(image, error.Path);
        Assert.Equal("missing.qed", error.BackingFile);
        Assert.Equal(Fixture.PathOf("chains/missing.qed"), error.ResolvedPath);
    }

    [Theory]
    [InlineData("name-nbd.qed")]
    [InlineData("name-https.qed")]
    [InlineData("name-json.qed")]
    [InlineData("name-file-protocol.qed")]
    public void A_protocol_is_refused_even_if_the_file_it_names_exists(string name) =>
        Assert.Throws<QedBackingFileRefusedException>(() => OpenAll(Fixture.PathOf("chains/" + name)));

    [Fact]
    public void A_name_with_a_colon_after_a_slash_is_a_file_name()
    {
        string overlay = Fixture.CopyTo(_folder, "chains/name-colon.qed");
        Assert.Throws<QedBackingFileNotFoundException>(() => OpenAll(overlay));

        File.WriteAllText(_folder.PathOf("not:a-protocol.qed"), "raw");
        using BackingChain chain = OpenAll(overlay);

        Assert.Equal(2, chain.Layers.Count);
    }

    [Fact]
    public void A_name_with_NUL_is_refused_even_if_the_part_before_it_is_a_file()
    {
        string overlay = Fixture.CopyTo(_folder, "headers/backing-nul.qed");
        File.WriteAllText(_folder.PathOf("base"), "raw");

        Assert.Throws<QedBackingFileRefusedException>(() => OpenAll(overlay));
    }

    [Theory]
    [InlineData("backing-invalid-utf8.qed")]
    [InlineData("backing-size-1023.qed")]
    [InlineData("backing-size-1024.qed")]
    [InlineData("backing-size-4032.qed")]
    public void A_name_that_no_file_can_have_is_an_error_and_not_a_crash(string name)
    {
        using BackingChain chain = BackingChain.OpenTop(Fixture.PathOf("headers/" + name), DiskFormats.Qed, Reading);

        Assert.ThrowsAny<QedException>(() => chain.OpenNext());
        Assert.Single(chain.Layers);
    }

    [Theory]
    [InlineData("cycle-a.qed", "cycle-b.qed", "cycle-a.qed")]
    [InlineData("cycle-b.qed", "cycle-a.qed", "cycle-b.qed")]
    [InlineData("cycle-self.qed", "cycle-self.qed", "cycle-self.qed")]
    public void A_cycle_is_found_where_it_closes(string top, string last, string name)
    {
        QedBackingChainException error =
            Assert.Throws<QedBackingChainException>(() => OpenAll(Fixture.PathOf("chains/" + top)));

        Assert.Equal(Fixture.PathOf("chains/" + last), error.Path);
        Assert.Equal(name, error.BackingFile);
        Assert.Contains("leads back", error.Message, StringComparison.Ordinal);
    }

    [Fact(Skip = Host.NotUnix, SkipUnless = nameof(Host.IsUnix), SkipType = typeof(Host))]
    public void A_cycle_through_a_symlink_is_found()
    {
        string image = ImageFiles.Make(_folder.PathOf("image.qed"), "link.qed");
        File.CreateSymbolicLink(_folder.PathOf("link.qed"), "image.qed");

        Assert.Throws<QedBackingChainException>(() => OpenAll(image));
    }

    [Fact(Skip = Host.NotUnix, SkipUnless = nameof(Host.IsUnix), SkipType = typeof(Host))]
    public void A_cycle_through_a_hard_link_is_found()
    {
        string image = ImageFiles.Make(_folder.PathOf("image.qed"), "link.qed");
        Host.Run("ln", image, _folder.PathOf("link.qed"));

        Assert.Throws<QedBackingChainException>(() => OpenAll(image));
    }

    [Fact(Skip = Host.NotUnix, SkipUnless = nameof(Host.IsUnix), SkipType = typeof(Host))]
    public void A_cycle_through_a_linked_folder_is_found_before_the_path_grows_too_long()
    {
        ImageFiles.Make(_folder.PathOf("image.qed"), "here/image.qed");
        Directory.CreateSymbolicLink(_folder.PathOf("here"), ".");

        Assert.Throws<QedBackingChainException>(() => OpenAll(_folder.PathOf("image.qed")));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(64)]
    public void A_chain_of_up_to_64_layers_is_opened(int layers)
    {
        using BackingChain chain = OpenAll(MakeChain(layers));

        Assert.Equal(layers, chain.Layers.Count);
    }

    [Theory]
    [InlineData(65)]
    [InlineData(66)]
    public void A_chain_of_more_than_64_layers_is_refused_by_its_depth(int layers)
    {
        QedBackingChainException error = Assert.Throws<QedBackingChainException>(() => OpenAll(MakeChain(layers)));

        Assert.Contains("64", error.Message, StringComparison.Ordinal);
        Assert.Equal(_folder.PathOf("64.qed"), error.Path);
    }

    // A guest has written an image that names secret.raw to its raw disk, disguised.raw.
    [Fact]
    public void A_raw_backing_file_is_not_probed()
    {
        using BackingChain chain = OpenAll(Fixture.PathOf("chains/over-disguised.qed"));

        Assert.Equal(["QED", "Raw"], chain.Layers.Select(layer => layer.FormatName));
        Assert.Equal(12288, chain.Layers[1].VirtualSize);
    }

    [Fact]
    public void A_backing_file_that_may_be_probed_has_the_format_of_its_contents()
    {
        QedBackingFileNotFoundException error = Assert.Throws<QedBackingFileNotFoundException>(
            () => OpenAll(Fixture.PathOf("chains/over-disguised-probed.qed")));

        Assert.Equal("secret.raw", error.BackingFile);
        Assert.Equal(Fixture.PathOf("chains/disguised.raw"), error.Path);
    }

    [Theory]
    [InlineData("disk.luks", "LUKS")]
    public void A_backing_file_of_an_unsupported_format_is_refused_by_format_name_and_not_read_as_raw(string name, string format)
    {
        string backing = Fixture.PathOf("foreign/" + name);
        string overlay = ImageFiles.Make(_folder.PathOf("overlay.qed"), backing);

        QedUnsupportedFormatException error = Assert.Throws<QedUnsupportedFormatException>(() => OpenAll(overlay));

        Assert.Equal(format, error.Format);
        Assert.Equal(backing, error.Path);
    }

    [Fact]
    public void A_truncated_backing_file_is_refused_by_name_and_not_read_as_raw()
    {
        string backing = Fixture.PathOf("foreign/head-only.vhdx");
        string overlay = ImageFiles.Make(_folder.PathOf("overlay.qed"), backing);

        QedDamagedFileException error = Assert.Throws<QedDamagedFileException>(() => OpenAll(overlay));

        Assert.Equal(("VHDX", backing), (error.Format, error.Path));
    }

    [Theory]
    [InlineData("disk.qcow2", "qcow2", 1 << 20)]
    [InlineData("disk.vmdk", "VMDK", 1 << 20)]
    [InlineData("disk.vdi", "VDI", 1 << 20)]
    [InlineData("dynamic.vhd", "VHD", 1 << 20)]
    [InlineData("fixed.vhd", "VHD", 64 << 10)]
    public void A_backing_file_of_another_format_is_read_in_that_format(string name, string format, long size)
    {
        string overlay = ImageFiles.Make(_folder.PathOf("overlay.qed"), Fixture.PathOf("foreign/" + name));

        using BackingChain chain = OpenAll(overlay);

        Assert.Equal(["QED", format], chain.Layers.Select(layer => layer.FormatName));
        Assert.InRange(chain.Layers[1].VirtualSize, size, size + (64 << 10));
    }

    [Theory]
    [InlineData("disk.qcow2")]
    [InlineData("fixed.vhd")]
    public void A_backing_file_of_another_format_is_raw_if_the_image_says_raw(string name)
    {
        string overlay = ImageFiles.Make(_folder.PathOf("overlay.qed"), Fixture.PathOf("foreign/" + name), isRaw: true);
        using BackingChain chain = OpenAll(overlay);

        Assert.Equal("Raw", chain.Layers[1].FormatName);
        Assert.Equal(new FileInfo(Fixture.PathOf("foreign/" + name)).Length, chain.Layers[1].VirtualSize);
    }

    [Fact]
    public void A_backing_name_that_leads_to_a_folder_is_refused()
    {
        string overlay = ImageFiles.Make(_folder.PathOf("overlay.qed"), ".");

        QedBackingFileRefusedException error = Assert.Throws<QedBackingFileRefusedException>(() => OpenAll(overlay));

        Assert.Contains("a folder", error.Message, StringComparison.Ordinal);
    }

    [Theory(Skip = Host.NotUnix, SkipUnless = nameof(Host.IsUnix), SkipType = typeof(Host))]
    [InlineData("/dev/null", true)]
    [InlineData("/dev/zero", false)]
    public void A_backing_name_that_leads_to_a_device_is_refused(string device, bool isRaw)
    {
        string overlay = ImageFiles.Make(_folder.PathOf("overlay.qed"), device, isRaw);

        QedBackingFileRefusedException error = Assert.Throws<QedBackingFileRefusedException>(() => OpenAll(overlay));

        Assert.Contains("a device", error.Message, StringComparison.Ordinal);
    }

    [Fact(Skip = Host.NotUnix, SkipUnless = nameof(Host.IsUnix), SkipType = typeof(Host), Timeout = Patience.Milliseconds)]
    public async System.Threading.Tasks.Task A_backing_name_that_leads_to_a_pipe_is_refused_at_once()
    {
        Host.Run("mkfifo", _folder.PathOf("pipe"));
        string overlay = ImageFiles.Make(_folder.PathOf("overlay.qed"), "pipe", isRaw: true);

        await System.Threading.Tasks.Task.Run(
            () => Assert.Throws<QedBackingFileRefusedException>(() => OpenAll(overlay)), TestContext.Current.CancellationToken);
    }

    [Fact]
    public void A_backing_name_that_uses_a_file_as_a_folder_is_missing()
    {
        File.WriteAllText(_folder.PathOf("file"), "text");
        string overlay = ImageFiles.Make(_folder.PathOf("overlay.qed"), "file/base.raw");

        Assert.ThrowsAny<QedException>(() => OpenAll(overlay));
    }

    [Fact]
    public void A_chain_that_fails_to_open_leaves_none_of_its_files_locked()
    {
        string overlay = ImageFiles.Make(_folder.PathOf("overlay.qed"), "middle.qed");
        string middle = ImageFiles.Make(_folder.PathOf("middle.qed"), "missing.qed");

        Assert.Throws<QedBackingFileNotFoundException>(() => OpenAll(overlay));

        FileStorage.Open(overlay, StorageAccess.Write).Dispose();
        FileStorage.Open(middle, StorageAccess.Write).Dispose();
    }

    [Fact]
    public void A_chain_open_for_reading_locks_writers_out_of_every_layer()
    {
        string overlay = ImageFiles.Make(_folder.PathOf("overlay.qed"), "base.qed");
        string backing = ImageFiles.Make(_folder.PathOf("base.qed"));
        using (BackingChain chain = OpenAll(overlay))
        {
            Assert.Throws<QedImageInUseException>(() => FileStorage.Open(overlay, StorageAccess.Write));
            Assert.Throws<QedImageInUseException>(() => FileStorage.Open(backing, StorageAccess.Write));
        }

        FileStorage.Open(overlay, StorageAccess.Write).Dispose();
        FileStorage.Open(backing, StorageAccess.Write).Dispose();
    }

    [Fact]
    public void Layers_below_a_writable_one_are_opened_read_only()
    {
        string overlay = ImageFiles.Make(_folder.PathOf("overlay.qed"), "base.qed");
        ImageFiles.Make(_folder.PathOf("base.qed"));
        using BackingChain chain = BackingChain.OpenAll(overlay, DiskFormats.Qed, new ChainPolicy(StorageAccess.Write, AllowUnc: false));

        Assert.Equal([true, false], chain.Layers.Select(layer => layer.Storage.CanWrite));
    }

    [Fact]
    public void A_writer_on_a_backing_file_matters_only_if_that_file_is_needed()
    {
        string overlay = ImageFiles.Make(_folder.PathOf("overlay.qed"), "base.qed");
        string backing = ImageFiles.Make(_folder.PathOf("base.qed"));
        using FileStorage writer = FileStorage.Open(backing, StorageAccess.Write);

        Assert.Equal(backing, Assert.Throws<QedImageInUseException>(() => OpenAll(overlay)).Path);
        BackingChain.OpenTop(overlay, DiskFormats.Qed, Reading).Dispose();
        BackingChain.OpenAll(overlay, DiskFormats.Qed, new ChainPolicy(StorageAccess.Inspect, AllowUnc: false)).Dispose();
    }

    private static BackingChain OpenAll(string path) => BackingChain.OpenAll(path, DiskFormats.Qed, Reading);

    // 1.qed is on top; the last one has no backing file.
    private string MakeChain(int layers)
    {
        for (int i = layers; i >= 1; i--)
        {
            ImageFiles.Make(_folder.PathOf($"{i}.qed"), i == layers ? null : $"{i + 1}.qed");
        }

        return _folder.PathOf("1.qed");
    }
}
