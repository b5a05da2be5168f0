using System;
using System.Collections.Generic;
using System.IO;
using QedTools.Chains;
using QedTools.Storage;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Operations;

/// <summary>A file that has overlays is changed only if the caller allows it, unless the overlays read the same afterwards.</summary>
public sealed class BaseInUseTests : IDisposable
{
    private const int Size = 1 << 20;

    private readonly TempFolder _folder = new();
    private readonly System.Threading.CancellationToken _cancellation = TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    public enum Change
    {
        OpenForWriting,
        Shrink,
        Merge,
    }

    public static MatrixTheoryData<Change, string> Changes => new(Enum.GetValues<Change>(), ["base.qed", "base.raw"]);

    [Theory]
    [MemberData(nameof(Changes))]
    public void A_change_that_overlays_would_see_is_refused_unless_allowed(Change change, string name)
    {
        if (change == Change.Shrink && name == "base.raw")
        {
            return; // only QED images are resized
        }

        string path = MakeBase(name);
        string overlay = MakeOverlay("overlay.qed", name);
        string other = MakeOverlay("other.qed", name);
        byte[] before = File.ReadAllBytes(path);

        QedBackingFileSharedException error = Assert.Throws<QedBackingFileSharedException>(() => Do(change, path, overlay, allow: false));

        Assert.Equal(change == Change.Merge ? [other] : [other, overlay], error.Overlays);
        Assert.Equal(before, File.ReadAllBytes(path));
        Do(change, path, overlay, allow: true);
    }

    // Users choose the names of their overlays freely.
    [Theory]
    [InlineData("vm1")]
    [InlineData("vm1.img")]
    [InlineData("vm1.qed.old")]
    [InlineData("snap.001")]
    public void An_overlay_of_any_name_counts(string name)
    {
        string path = MakeBase("base.qed");
        string overlay = MakeOverlay(name, "base.qed");

        QedBackingFileSharedException error = Assert.Throws<QedBackingFileSharedException>(() => Do(Change.OpenForWriting, path, overlay, allow: false));

        Assert.Equal([overlay], error.Overlays);
    }

    [Fact]
    public void Changing_the_backing_file_warns_about_overlays_of_the_image_unless_its_contents_are_preserved()
    {
        MakeBase("base.qed");
        string middle = MakeOverlay("middle.qed", "base.qed");
        string top = MakeOverlay("top.qed", "middle.qed");
        List<string> warnings = [];
        OperationTrace trace = new() { Warning = warnings.Add };

        BackingFileChange.Run(middle, new BackingFileChangeOptions { PreserveContent = true, Trace = trace }, cancellation: _cancellation);
        Assert.Empty(warnings);

        BackingFileChange.Plan(middle, new BackingFileChangeOptions { BackingFile = "base.qed", Trace = trace }, _cancellation);
        BackingFileChange.Run(middle, new BackingFileChangeOptions { BackingFile = "base.qed", Trace = trace }, cancellation: _cancellation);

        Assert.Equal(2, warnings.Count);
        Assert.All(warnings, warning => Assert.Contains(top, warning, StringComparison.Ordinal));
    }

    [Fact]
    public void Growing_changes_nothing_for_overlays_and_is_not_refused()
    {
        string path = MakeBase("base.qed");
        string overlay = MakeOverlay("overlay.qed", "base.qed");
        byte[] before = Read(overlay);

        ImageResize.Run(path, 4 * Size, new ImageResizeOptions(), cancellation: _cancellation);

        Assert.Equal(before, Read(overlay));
    }

    [Theory]
    [InlineData("base.qed")]
    [InlineData("base.raw")]
    public void Replacing_a_file_that_has_overlays_causes_a_warning(string name)
    {
        string path = MakeBase(name);
        Assert.Null(DiskSource.WarningForReplaced(path, _cancellation));
        MakeOverlay("overlay.qed", name);

        Assert.Contains("overlay.qed", DiskSource.WarningForReplaced(path, _cancellation), StringComparison.Ordinal);
        Assert.Null(DiskSource.WarningForReplaced(_folder.PathOf("not-there.qed"), _cancellation));
    }

    [Fact(SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu), Skip = Qemu.SkipReason)]
    public void Overlays_of_other_formats_count()
    {
        string path = MakeBase("base.qed");
        Qemu.Img("create", "-q", "-f", "qcow2", "-b", "base.qed", "-F", "qed", _folder.PathOf("overlay.qcow2"));

        QedBackingFileSharedException error = Assert.Throws<QedBackingFileSharedException>(() => Do(Change.OpenForWriting, path, overlay: "", allow: false));

        Assert.Equal([_folder.PathOf("overlay.qcow2")], error.Overlays);
    }

    [Fact]
    public void A_disk_that_keeps_its_data_in_the_file_counts()
    {
        string data = _folder.PathOf("m-flat.vmdk");
        File.WriteAllBytes(data, new byte[Size]);
        File.WriteAllText(_folder.PathOf("m.vmdk"), $"# Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=ffffffff\ncreateType=\"monolithicFlat\"\nRW {Size / 512} FLAT \"m-flat.vmdk\" 0\n");
        Assert.Equal([_folder.PathOf("m.vmdk")], OverlaySearch.Over(HostFiles.IdentityOf(data)!, [_folder.Path], _ => false, _cancellation, out _));
    }

    // An encrypted overlay, one with an unknown feature, one that names the file in a way that is not followed: whether they lie over it is not known.
    [Theory]
    [InlineData("encrypted.qcow2")]
    [InlineData("unknown.qed")]
    [InlineData("file.qed")]
    [InlineData("json.qed")]
    public void What_may_be_an_overlay_is_named_in_a_warning(string name)
    {
        string path = MakeBase("base.qed");
        string overlay = MakeOverlay("overlay.qed", "base.qed");
        string other = _folder.PathOf(name);
        if (name == "encrypted.qcow2")
        {
            DiskConversion.Run(overlay, other, new DiskConversionOptions { BackingFile = "base.qed" }, cancellation: _cancellation);
            using FileStream file = File.OpenWrite(other);
            file.Position = 35; // the encryption method, big-endian at 32
            file.WriteByte(1);
        }
        else if (name == "unknown.qed")
        {
            MakeOverlay(name, "base.qed");
            ImageFiles.Patch(other, ImageFiles.FeaturesAt, ImageFiles.Peek(other, ImageFiles.FeaturesAt) | (1UL << 40));
        }
        else
        {
            ImageFiles.Make(other, name == "file.qed" ? $"file:{path}" : $"json:{{\"driver\":\"qed\",\"file\":{{\"driver\":\"file\",\"filename\":\"{path}\"}}}}");
        }

        List<string> warnings = [];
        DiskMerge.Run(overlay, new DiskMergeOptions { Keep = true, Trace = new OperationTrace { Warning = warnings.Add } }, cancellation: _cancellation);
        Assert.Contains(other, Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void An_image_over_another_computer_is_no_overlay()
    {
        MakeBase("base.qed");
        string overlay = MakeOverlay("overlay.qed", "base.qed");
        ImageFiles.Make(_folder.PathOf("remote.qed"), "nbd://server/disk");
        List<string> warnings = [];
        DiskMerge.Run(overlay, new DiskMergeOptions { Trace = new OperationTrace { Warning = warnings.Add } }, cancellation: _cancellation);
        Assert.Empty(warnings);
    }

    // On Linux a name can have any bytes; .NET shows those that are not UTF-8 as U+FFFD.
    [Fact]
    public void A_backing_name_that_is_not_utf8_is_refused()
    {
        File.WriteAllBytes(_folder.PathOf("base\uFFFD.raw"), new byte[Size]);
        string image = ImageFiles.Make(_folder.PathOf("top.qed"), "baseXYZ.raw", isRaw: true);
        byte[] bytes = File.ReadAllBytes(image);
        int at = bytes.AsSpan().IndexOf("XYZ"u8);
        bytes[at] = bytes[at + 1] = bytes[at + 2] = 0xE9;
        File.WriteAllBytes(image, bytes);
        Assert.Throws<QedBackingFileRefusedException>(() => DiskOpening.Run(image, new DiskOpeningOptions(), cancellation: _cancellation));
    }

    private void Do(Change change, string path, string overlay, bool allow)
    {
        switch (change)
        {
            case Change.OpenForWriting:
                DiskOpening.Run(path, new DiskOpeningOptions { Writable = true, AllowOtherOverlays = allow }, cancellation: _cancellation).Dispose();
                break;
            case Change.Shrink:
                ImageResize.Run(path, 512, new ImageResizeOptions { Shrink = true, AllowOtherOverlays = allow }, cancellation: _cancellation);
                break;
            default:
                DiskMerge.Run(overlay, new DiskMergeOptions { AllowOtherOverlays = allow }, cancellation: _cancellation);
                break;
        }
    }

    private string MakeBase(string name)
    {
        string path = _folder.PathOf(name);
        byte[] contents = new byte[Size];
        new Random(1).NextBytes(contents);
        if (Path.GetExtension(name) == ".raw")
        {
            File.WriteAllBytes(path, contents);
            return path;
        }

        ImageCreation.Run(path, new ImageCreationOptions { SizeBytes = Size }, _cancellation);
        using DiskStream stream = DiskOpening.Run(path, new DiskOpeningOptions { Writable = true }, cancellation: _cancellation);
        stream.Write(contents);
        return path;
    }

    private string MakeOverlay(string name, string backing)
    {
        string path = _folder.PathOf(name);
        ImageCreation.Run(path, new ImageCreationOptions { BackingFile = backing }, _cancellation);
        return path;
    }

    private byte[] Read(string path)
    {
        using DiskStream stream = DiskOpening.Run(path, new DiskOpeningOptions(), cancellation: _cancellation);
        byte[] contents = new byte[stream.Length];
        stream.ReadExactly(contents);
        return contents;
    }
}
