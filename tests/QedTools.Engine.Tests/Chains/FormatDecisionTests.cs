using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Chains;

/// <summary>
/// How a file's format follows from its name and its contents: which files are refused, which are raw, and which get a warning.
/// </summary>
public sealed class FormatDecisionTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly List<string> _warnings = [];
    private readonly OperationTrace _trace;

    public FormatDecisionTests() => _trace = new OperationTrace { Warning = _warnings.Add };

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("disk.raw")]
    [InlineData("disk.img")]
    [InlineData("disk.dd")]
    [InlineData("disk.iso")]
    [InlineData("disk.IMG")]
    public void Unrecognized_contents_are_raw_without_a_warning_if_the_name_says_so(string name)
    {
        Unknown(name);

        Assert.Equal(QedBackingFormat.Raw, Overlay(name).BackingFormat);
        Assert.Equal(8192, Convert(name).VirtualSize);
        Assert.Empty(_warnings);
    }

    [Theory]
    [InlineData("disk")]
    [InlineData("disk.bin")]
    [InlineData("disk.1")]
    public void Unrecognized_contents_are_raw_with_a_warning_if_the_name_says_nothing(string name)
    {
        Unknown(name);

        Assert.Equal(QedBackingFormat.Raw, Overlay(name).BackingFormat);
        AssertWarning(name, "raw", "no known format");
        Assert.Equal(8192, Convert(name).VirtualSize);
        AssertWarning(name, "raw", "no known format");
        DiskComparison.Run(At(name), At("out.qed"), new() { Trace = _trace }, cancellation: TestContext.Current.CancellationToken);
        AssertWarning(name, "raw", "no known format");
    }

    [Theory]
    [InlineData("disk.qcow2", "qcow2")]
    [InlineData("disk.vhdx", "VHDX")]
    [InlineData("disk.vhd", "VHD")]
    [InlineData("disk.vdi", "VDI")]
    [InlineData("disk.qed", "QED")]
    public void Unrecognized_contents_with_the_extension_of_a_format_are_an_error_or_a_backing_file_with_a_warning(string name, string meant)
    {
        Unknown(name);

        QedNotAnImageException error = Assert.Throws<QedNotAnImageException>(() => Convert(name));
        Assert.Contains($"has the extension of {meant} disks, but its contents are of no known format", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("damaged", error.Message, StringComparison.Ordinal);
        Assert.Equal(error.Message, Assert.Throws<QedNotAnImageException>(() => Open(name)).Message);
        Assert.Empty(_warnings);
        Assert.Equal(QedBackingFormat.Raw, Overlay(name).BackingFormat);
        AssertWarning(name, "raw", meant, "no known format");
    }

    [Fact]
    public void Unrecognized_contents_named_like_a_part_of_a_VMDK_disk_are_raw_only_on_request()
    {
        foreach (string content in new[] { "# some disk\n", "\0\0\0" })
        {
            File.WriteAllText(At("a.vmdk"), content);
            Assert.ThrowsAny<QedException>(() => Convert("a.vmdk"));
            Assert.ThrowsAny<QedException>(() => Overlay("a.vmdk"));
            Assert.ThrowsAny<QedException>(() => Overlay("a.vmdk", QedBackingFormat.Probe));
            Assert.Equal(QedBackingFormat.Raw, Overlay("a.vmdk", QedBackingFormat.Raw).BackingFormat);
            Assert.Empty(_warnings);
        }
    }

    [Fact]
    public void An_empty_file_with_the_extension_of_a_format_is_reported_as_empty()
    {
        foreach (string name in new[] { "a.qcow2", "a.vhdx", "a.vhd", "a.vdi", "a.vmdk", "a.qed" })
        {
            File.WriteAllBytes(At(name), []);
            Assert.Contains("it is empty", Assert.Throws<QedNotAnImageException>(() => Convert(name)).Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("dynamic.vhd", "x.vhdx", "VHDX", "VHD", ".vhd")]
    [InlineData("fixed.vhd", "x.vdi", "VDI", "VHD", ".vhd")]
    [InlineData("disk.qcow2", "x.vmdk", "VMDK", "qcow2", ".qcow2")]
    [InlineData("disk.vdi", "x.qcow2", "qcow2", "VDI", ".vdi")]
    [InlineData("disk.vmdk", "x.vhd", "VHD", "VMDK", ".vmdk")]
    [InlineData("disk.qcow2", "x.qed", "QED", "qcow2", ".qcow2")]
    public void Contents_of_one_format_with_the_extension_of_another_are_an_error_that_names_both(string fixture, string name, string meant, string found, string extension)
    {
        File.Copy(Fixture.PathOf("foreign/" + fixture), At(name));

        QedNotAnImageException error = Assert.Throws<QedNotAnImageException>(() => Convert(name));
        Assert.Contains($"has the extension of {meant} disks, but it is a {found} file", error.Message, StringComparison.Ordinal);
        Assert.EndsWith($"the extension {extension}.", error.Message, StringComparison.Ordinal);
        Assert.Equal(QedBackingFormat.Probe, Overlay(name).BackingFormat);
        AssertWarning(name, found, meant);
    }

    [Fact]
    public void Contents_of_a_format_with_the_extension_of_raw_disks_cause_a_warning()
    {
        File.Copy(Fixture.PathOf("foreign/disk.qcow2"), At("cloud.img"));
        long length = new FileInfo(At("cloud.img")).Length;

        Assert.Equal(length, Convert("cloud.img").VirtualSize);
        AssertWarning("cloud.img", "raw", "begins like a qcow2 file");
        QedImageInfo overlay = Overlay("cloud.img");
        Assert.Equal(QedBackingFormat.Probe, overlay.BackingFormat);
        Assert.Equal(1 << 20, overlay.VirtualSize);
        AssertWarning("cloud.img", "qcow2", "extension of raw disks");
        Assert.Equal(1 << 20, Convert("overlay.qed").VirtualSize);
        AssertWarning("cloud.img", "qcow2", "extension of raw disks");
    }

    [Fact]
    public void A_format_given_by_name_overrides_extension_and_contents()
    {
        File.Copy(Fixture.PathOf("foreign/disk.qcow2"), At("cloud.img"));
        File.Copy(Fixture.PathOf("foreign/pattern.raw"), At("data.qcow2"));
        long length = new FileInfo(At("data.qcow2")).Length;

        Assert.Equal(1 << 20, Convert("cloud.img", QedDiskFormat.Qcow2).VirtualSize);
        Assert.Equal(length, Convert("data.qcow2", QedDiskFormat.Raw).VirtualSize);
        Assert.Equal(new FileInfo(At("cloud.img")).Length, Convert("cloud.img", QedDiskFormat.Raw).VirtualSize);
        QedComparison comparison = DiskComparison.Run(
            At("cloud.img"),
            At("data.qcow2"),
            new() { SourceFormat = QedDiskFormat.Qcow2, ReferenceFormat = QedDiskFormat.Raw, Trace = _trace },
            cancellation: TestContext.Current.CancellationToken);
        Assert.Equal((1 << 20, length), (comparison.VirtualSize, comparison.ReferenceVirtualSize));
        using DiskStream stream = DiskOpening.Run(
            At("cloud.img"), new() { SourceFormat = QedDiskFormat.Qcow2, Trace = _trace }, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(1 << 20, stream.Length);
        Assert.Empty(_warnings);
    }

    [Fact]
    public void A_format_given_by_name_does_not_apply_to_the_backing_files()
    {
        File.Copy(Fixture.PathOf("foreign/disk.qcow2"), At("base.qcow2"));
        Overlay("base.qcow2");
        File.Move(At("overlay.qed"), At("overlay.img"));

        Assert.Equal(1 << 20, Convert("overlay.img", QedDiskFormat.Qed).VirtualSize);
        DiskComparison.Run(
            At("overlay.img"), At("base.qcow2"), new() { SourceFormat = QedDiskFormat.Qed, Strict = true }, cancellation: TestContext.Current.CancellationToken);
        Assert.Empty(_warnings);
    }

    [Fact]
    public void A_disk_given_as_raw_is_written_to_whatever_it_begins_with()
    {
        File.Copy(Fixture.PathOf("foreign/disk.qcow2"), At("disk.img"));

        Assert.Throws<QedRequestException>(() => DiskOpening.Run(At("disk.img"), new() { Writable = true }, cancellation: TestContext.Current.CancellationToken));
        using (DiskStream stream = DiskOpening.Run(
            At("disk.img"), new() { Writable = true, SourceFormat = QedDiskFormat.Raw }, cancellation: TestContext.Current.CancellationToken))
        {
            stream.WriteByte(1);
        }

        Assert.Equal(1, File.ReadAllBytes(At("disk.img"))[0]);
    }

    [Theory]
    [InlineData("foreign/disk.qcow2", QedDiskFormat.Vhdx, "not a VHDX file", "a qcow2 file")]
    [InlineData("foreign/disk.qcow2", QedDiskFormat.Vhd, "not a VHD file", "a qcow2 file")]
    [InlineData("foreign/disk.qcow2", QedDiskFormat.Vdi, "not a VDI file", "a qcow2 file")]
    [InlineData("foreign/disk.qcow2", QedDiskFormat.Vmdk, "not a VMDK file", "a qcow2 file")]
    [InlineData("foreign/disk.vdi", QedDiskFormat.Qcow2, "not a qcow2 file", "a VDI file")]
    [InlineData("foreign/disk.qcow2", QedDiskFormat.Qed, "not a QED file", "a qcow2 file")]
    [InlineData("foreign/pattern.raw", QedDiskFormat.Qed, "not a QED file", "of no known format")]
    [InlineData("foreign/pattern.raw", QedDiskFormat.Qcow2, "not a qcow2 file", "of no known format")]
    [InlineData("foreign/pattern.raw", QedDiskFormat.Vhdx, "not a VHDX file", "of no known format")]
    public void A_file_that_does_not_have_the_given_format_is_an_error_that_says_so(string fixture, QedDiskFormat named, string denied, string found)
    {
        foreach (string name in new[] { "x.img", "x.bin", "x.qed", "x.qcow2" })
        {
            File.Copy(Fixture.PathOf(fixture), At(name));
            QedNotAnImageException error = Assert.Throws<QedNotAnImageException>(() => Convert(name, named));
            Assert.Contains(denied, error.Message, StringComparison.Ordinal);
            Assert.Contains(found, error.Message, StringComparison.Ordinal);
        }

        File.WriteAllBytes(At("empty.img"), []);
        Assert.Contains("it is empty", Assert.Throws<QedNotAnImageException>(() => Convert("empty.img", named)).Message, StringComparison.Ordinal);
        Assert.Empty(_warnings);
    }

    [Fact]
    public void Warnings_about_doubtful_formats_name_the_option_that_settles_them()
    {
        File.Copy(Fixture.PathOf("foreign/disk.qcow2"), At("cloud.img"));
        File.Copy(Fixture.PathOf("foreign/disk.qcow2"), At("cloud.vdi"));
        Unknown("disk");
        List<QedFormatDoubt> doubts = [];
        OperationTrace trace = new() { Warning = _warnings.Add, FormatDoubt = doubts.Add };

        DiskComparison.Run(At("cloud.img"), At("disk"), new() { Trace = trace }, cancellation: TestContext.Current.CancellationToken);

        Assert.Empty(_warnings);
        Assert.Equal(
            [("SourceFormat", QedDiskFormat.Raw, QedDiskFormat.Qcow2), ("ReferenceFormat", QedDiskFormat.Raw, null)],
            doubts.Select(doubt => (doubt.FormatOption, doubt.ReadAs, doubt.Other)));
        QedNotAnImageException error = Assert.Throws<QedNotAnImageException>(() => Convert("cloud.vdi"));
        Assert.Equal(("SourceFormat", QedDiskFormat.Qcow2), (error.FormatOption, error.FoundFormat));
    }

    [Theory]
    [InlineData("disk.gz")]
    [InlineData("disk.bin")]
    [InlineData("disk.qcow2")]
    public void Archives_are_refused_by_name_as_sources_and_as_backing_files(string name)
    {
        File.WriteAllBytes(At(name), System.Convert.FromBase64String("H4sIAAAAAAACA8tIzcnJBwCGphA2BQAAAA=="));

        Assert.Contains("a gzip file", Assert.Throws<QedUnsupportedFormatException>(() => Convert(name)).Message, StringComparison.Ordinal);
        Assert.Contains("a gzip file", Assert.Throws<QedUnsupportedFormatException>(() => Overlay(name)).Message, StringComparison.Ordinal);
        Assert.Contains("a gzip file", Assert.Throws<QedUnsupportedFormatException>(() => Overlay(name, QedBackingFormat.Probe)).Message, StringComparison.Ordinal);
        Assert.Equal(QedBackingFormat.Raw, Overlay(name, QedBackingFormat.Raw).BackingFormat);
        Assert.Empty(_warnings);
    }

    [Fact]
    public void A_disk_image_with_the_extension_of_an_archive_is_read_with_a_warning()
    {
        File.Copy(Fixture.PathOf("foreign/disk.qcow2"), At("disk.hdd"));

        Assert.Equal(1 << 20, Convert("disk.hdd").VirtualSize);
        AssertWarning("disk.hdd", "qcow2", "Parallels");
    }

    [Fact]
    public void A_LUKS_volume_is_a_raw_disk_if_its_name_says_so_and_refused_otherwise()
    {
        byte[] volume = new byte[8192];
        Encoding.Latin1.GetBytes("LUKS\u00ba\u00be\0\u0002").CopyTo(volume, 0);
        File.WriteAllBytes(At("crypt.img"), volume);
        File.WriteAllBytes(At("crypt"), volume);

        Assert.Equal(8192, Convert("crypt.img").VirtualSize);
        Assert.Empty(_warnings);
        Assert.Throws<QedUnsupportedFormatException>(() => Convert("crypt"));
        Assert.Throws<QedUnsupportedFormatException>(() => Overlay("crypt.img"));
        Assert.Equal(QedBackingFormat.Raw, Overlay("crypt.img", QedBackingFormat.Raw).BackingFormat);
    }

    [Theory]
    [InlineData("disk.raw")]
    [InlineData("disk.bin")]
    public void Probe_is_recorded_on_request_with_a_warning_if_the_contents_are_unrecognized(string name)
    {
        Unknown(name);

        Assert.Equal(QedBackingFormat.Probe, Overlay(name, QedBackingFormat.Probe).BackingFormat);
        Assert.Contains(_warnings, warning => warning.Contains("read as something else", StringComparison.Ordinal));
        _warnings.Clear();

        BackingFileChange.Run(At("overlay.qed"), new() { BackingFile = name, Trace = _trace }, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(QedBackingFormat.Raw, ImageInspection.Run(At("overlay.qed"), new ImageInspectionOptions()).BackingFormat);
        _warnings.Clear();
        QedImageInfo changed = BackingFileChange.Run(
            At("overlay.qed"), new() { BackingFile = name, BackingFormat = QedBackingFormat.Probe, Trace = _trace }, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(QedBackingFormat.Probe, changed.BackingFormat);
        Assert.Contains(_warnings, warning => warning.Contains("read as something else", StringComparison.Ordinal));
    }

    [Fact]
    public void Probe_causes_no_warning_if_the_contents_show_the_format()
    {
        File.Copy(Fixture.PathOf("foreign/disk.qcow2"), At("disk.qcow2"));

        Assert.Equal(QedBackingFormat.Probe, Overlay("disk.qcow2", QedBackingFormat.Probe).BackingFormat);
        Assert.Empty(_warnings);
    }

    [Fact]
    public void A_backing_file_whose_format_is_probed_causes_a_warning_when_it_is_read()
    {
        Unknown("base");
        Overlay("base", QedBackingFormat.Probe);
        _warnings.Clear();

        Open("overlay.qed");
        AssertWarning("base", "raw", "no known format");
        Convert("overlay.qed");
        AssertWarning("base", "raw", "no known format");
        Overlay("base");
        _warnings.Clear();
        Open("overlay.qed");
        Assert.Empty(_warnings);
    }

    [Fact]
    public void An_overlay_that_records_a_different_format_than_its_backing_file_has_is_an_error_that_names_both()
    {
        File.Copy(Fixture.PathOf("foreign/disk.qcow2"), At("base.bin"));
        DiskConversion.Run(
            Fixture.PathOf("foreign/pattern.raw"), At("over.qcow2"), new() { BackingFile = "base.bin" }, cancellation: TestContext.Current.CancellationToken);
        File.Copy(Fixture.PathOf("foreign/disk.vdi"), At("base.bin"), overwrite: true);

        QedNotAnImageException error = Assert.Throws<QedNotAnImageException>(() => Convert("over.qcow2"));
        Assert.Contains("should be a qcow2 file", error.Message, StringComparison.Ordinal);
        Assert.Contains("a VDI file", error.Message, StringComparison.Ordinal);
    }

    private void AssertWarning(string name, params string[] words)
    {
        string warning = Assert.Single(_warnings.Distinct());
        Assert.Contains(At(name), warning, StringComparison.Ordinal);
        Assert.All(words, word => Assert.Contains(word, warning, StringComparison.Ordinal));
        _warnings.Clear();
    }

    private void Unknown(string name)
    {
        byte[] content = new byte[8192];
        new Random(1).NextBytes(content);
        File.WriteAllBytes(At(name), content);
    }

    private QedImageInfo Overlay(string backing, QedBackingFormat? format = null) => ImageCreation.Run(
        At("overlay.qed"), new() { BackingFile = backing, BackingFormat = format, Replace = true, Trace = _trace }, TestContext.Current.CancellationToken);

    private QedImageInfo Convert(string name, QedDiskFormat? format = null) => DiskConversion.Run(
        At(name), At("out.qed"), new() { SourceFormat = format, Replace = true, Trace = _trace }, cancellation: TestContext.Current.CancellationToken);

    private void Open(string name) => DiskOpening.Run(At(name), new() { Trace = _trace }, cancellation: TestContext.Current.CancellationToken).Dispose();

    private string At(string name) => _folder.PathOf(name);
}
