using System;
using System.IO;
using System.Linq;
using System.Text;
using QedTools.Chains;
using QedTools.Storage;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interchange;

public sealed class DiskFormatsTests
{
    [Theory]
    [InlineData("images/empty-default.qed", "QED")]
    [InlineData("chains/disguised.raw", "QED")]
    [InlineData("chains/base.raw", "Raw")]
    [InlineData("chains/short.raw", "Raw")]
    [InlineData("foreign/pattern.raw", "Raw")]
    [InlineData("foreign/disk.qcow2", "qcow2")]
    [InlineData("foreign/disk.vmdk", "VMDK")]
    [InlineData("foreign/disk.vdi", "VDI")]
    [InlineData("foreign/dynamic.vhd", "VHD")]
    [InlineData("foreign/fixed.vhd", "VHD")]
    [InlineData("foreign/head-only.vhdx", "VHDX")]
    [InlineData("headers/magic-wrong.qed", "Raw")]
    [InlineData("headers/magic-swapped.qed", "Raw")]
    [InlineData("headers/cut-0.qed", "Raw")]
    [InlineData("headers/cut-4.qed", "QED")]
    [InlineData("headers/feature-bit-63.qed", "QED")]
    public void A_format_is_recognized_by_the_contents(string fixture, string format)
    {
        using FileStorage storage = FileStorage.Open(Fixture.PathOf(fixture), StorageAccess.Read);

        Assert.Equal(format, DiskFormats.Probe(storage).Name);
    }

    [Theory]
    [InlineData("QFI\u00fb", 0, "qcow2")]
    [InlineData("vhdxfile", 0, "VHDX")]
    [InlineData("conectix", 0, "VHD")]
    [InlineData("KDMV", 0, "VMDK")]
    [InlineData("COWD", 0, "COWD")]
    [InlineData("# Disk DescriptorFile", 0, "VMDK")]
    [InlineData("\u007f\u0010\u00da\u00be", 64, "VDI")]
    [InlineData("LUKS\u00ba\u00be", 0, "LUKS")]
    [InlineData("WithoutFreeSpace", 0, "Parallels")]
    [InlineData("WithouFreSpacExt", 0, "Parallels")]
    [InlineData("QED\0", 0, "QED")]
    public void A_magic_number_identifies_the_format_only_at_its_offset(string magic, int offset, string format)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(magic);

        Assert.Equal(format, FormatOf(offset, bytes, length: 4096));
        Assert.Equal(format, FormatOf(offset, bytes, length: offset + bytes.Length));
        Assert.Equal("Raw", FormatOf(offset + 1, bytes, length: 4096));
        Assert.Equal("Raw", FormatOf(offset, bytes[..^1], length: offset + bytes.Length - 1));
        bytes[^1] ^= 0x20;
        Assert.Equal("Raw", FormatOf(offset, bytes, length: 4096));
    }

    [Fact]
    public void The_predecessor_of_qcow2_is_recognized_by_its_version()
    {
        Assert.Equal("qcow", FormatOf(0, [(byte)'Q', (byte)'F', (byte)'I', 0xFB, 0, 0, 0, 1], length: 4096));
        Assert.Equal("qcow2", FormatOf(0, [(byte)'Q', (byte)'F', (byte)'I', 0xFB, 0, 0, 0, 4], length: 4096));

        MemoryStorage storage = new("disk.qcow2");
        storage.Write(0, [(byte)'Q', (byte)'F', (byte)'I', 0xFB, 0, 0, 0, 1]);
        QedUnsupportedFormatException error = Assert.Throws<QedUnsupportedFormatException>(() => DiskFormats.Open(storage, DiskFormats.Of(QedDiskFormat.Qcow2)));
        Assert.Contains("is a qcow file", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_fixed_VHD_is_recognized_by_the_footer_in_its_last_sector()
    {
        Assert.Equal("VHD", FormatOf(4096 - 512, "conectix"u8.ToArray(), length: 4096));
        Assert.Equal("VHD", FormatOf(0, "conectix"u8.ToArray(), length: 512));
        Assert.Equal("Raw", FormatOf(4096 - 1024, "conectix"u8.ToArray(), length: 4096));
    }

    [Fact]
    public void An_unsupported_format_is_refused_by_name_with_advice()
    {
        MemoryStorage storage = new("secret.luks");
        storage.Write(0, Encoding.Latin1.GetBytes("LUKS\u00ba\u00be"));

        QedUnsupportedFormatException error = Assert.Throws<QedUnsupportedFormatException>(() => DiskFormats.Probe(storage).Open(storage));

        Assert.Equal("LUKS", error.Format);
        Assert.Equal(storage.Path, error.Path);
        Assert.Contains("convert", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Raw_is_tried_last_because_it_recognizes_everything()
    {
        Assert.Same(DiskFormats.Raw, DiskFormats.All[^1]);
        Assert.Single(DiskFormats.All, format => format.Recognizes(new MemoryStorage()));
    }

    [Fact]
    public void Every_extension_belongs_to_one_format()
    {
        string[] extensions = [.. DiskFormats.All.SelectMany(format => format.Extensions)];

        Assert.Equal(extensions.Distinct(), extensions);
        Assert.Contains(".qed", extensions);
        Assert.All(extensions, extension => Assert.Equal(extension.ToLowerInvariant(), extension));
        Assert.All(extensions, extension => Assert.Equal(extension, Path.GetExtension("disk" + extension)));
    }

    private static string FormatOf(int offset, byte[] magic, int length)
    {
        MemoryStorage storage = new();
        storage.Write(offset, magic);
        storage.SetLength(length);
        return DiskFormats.Probe(storage).Name;
    }
}
