using System;
using System.IO;
using System.Linq;
using System.Text;
using QedTools.Chains;
using QedTools.Interchange.Foreign;
using QedTools.Storage;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interchange.Foreign;

public sealed class ForeignFormatTests : IDisposable
{
    private readonly TempFolder _folder = new();

    /// <summary>
    /// Files that each format's own program made from a text of five bytes; the EnCase file, of a disk of 4 KiB, is truncated.
    /// </summary>
    public static TheoryData<string, string> Files => new()
    {
        { "gzip", "H4sIAAAAAAACA8tIzcnJBwCGphA2BQAAAA==" },
        { "xz", "/Td6WFoAAATm1rRGAgAhARYAAAB0L+WjAQAEaGVsbG8AAAAAsTe52+XaHpsAAR0FuC2Arx+2830BAAAAAARZWg==" },
        { "bzip2", "QlpoOTFBWSZTWRkxZT0AAACBAAJEoAAhmmgzTQczi7kinChIDJiynoA=" },
        { "bzip2", "QlpoORdyRThQkAAAAAA=" },
        { "Zstandard", "KLUv/SQFKQAAaGVsbG+jbZ+I" },
        { "ZIP", "UEsDBAoAAAAAAAAAIQCGphA2BQAAAAUAAAABAAAAdGhlbGxvUEsBAh4DCgAAAAAAAAAhAIamEDYFAAAABQAAAAEAAAAAAAAAAQAAAKSBAAAAAHRQSwUGAAAAAAEAAQAvAAAAJAAAAAAA" },
        { "7z", "N3q8ryccAATuiHfaCQAAAAAAAABKAAAAAAAAAOvmUmcBAARoZWxsbwABBAYAAQkJAAcLAQABISEBAAwFAAgKAYamEDYAAAUBGQwAAAAAAAAAAAAAAAARBQB0AAAAFAoBAACAPtXesZ0BFQYBACCApIEAAA==" },
        { "EnCase", "RVZGCQ0K/wABAQAAAGhlYWRlcjIAAAAAAAAAAAAAAQAAAAAAAPMAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAJADWuJ4nHWOaw6C" },
    };

    /// <summary>Formats that QEMU creates and QedTools does not read, with QEMU's names.</summary>
    public static TheoryData<string, string> QemuFormats => new() { { "qcow", "qcow" }, { "Parallels", "parallels" } };

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Files))]
    public void Files_of_other_programs_are_recognized_by_their_contents(string format, string base64)
    {
        MemoryStorage storage = new("disk.bin");
        storage.Write(0, Convert.FromBase64String(base64));

        Assert.Equal(format, DiskFormats.Probe(storage).Name);
    }

    [Theory]
    [InlineData(System.Formats.Tar.TarEntryFormat.Ustar)]
    [InlineData(System.Formats.Tar.TarEntryFormat.Gnu)]
    [InlineData(System.Formats.Tar.TarEntryFormat.Pax)]
    public void Tar_archives_are_recognized_by_their_contents(System.Formats.Tar.TarEntryFormat format)
    {
        using MemoryStream archive = new();
        using (System.Formats.Tar.TarWriter writer = new(archive, format, leaveOpen: true))
        {
            System.Formats.Tar.PaxTarEntry entry = new(System.Formats.Tar.TarEntryType.RegularFile, "disk.vmdk") { DataStream = new MemoryStream(new byte[600]) };
            writer.WriteEntry(entry);
        }

        MemoryStorage storage = new("appliance.bin");
        storage.Write(0, archive.ToArray());

        Assert.Equal("tar", DiskFormats.Probe(storage).Name);
    }

    [Theory(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    [MemberData(nameof(QemuFormats))]
    public void Disks_that_QEMU_creates_are_recognized_by_their_contents(string format, string theirs)
    {
        Qemu.Img("create", "-q", "-f", theirs, At("disk"), "1M");
        using FileStorage storage = FileStorage.Open(At("disk"), StorageAccess.Read);

        Assert.Equal(format, DiskFormats.Probe(storage).Name);
    }

    [Fact]
    public void A_macOS_disk_image_is_recognized_by_its_last_sector()
    {
        MemoryStorage storage = new("disk.bin");
        storage.Write(4096 - 512, "koly\0\0\0\u0004\0\0\u0002\0"u8);
        storage.SetLength(4096);

        Assert.Equal("DMG", DiskFormats.Probe(storage).Name);
        storage.SetLength(4097);
        Assert.Equal("Raw", DiskFormats.Probe(storage).Name);
    }

    [Fact]
    public void Signatures_found_on_raw_disks_are_not_a_format()
    {
        foreach (string text in new[] { "EFI PART", "LABELONE", "XFSB", "NTFS    ", "\u00eb\u003c\u0090MSDOS5.0", "\u00eb\u0058\u0090mkfs.fat", "BZh9", "MZ", "\u007fELF", "GRUB", "hsqs", "-FVE-FS-" })
        {
            foreach (int offset in new[] { 0, 3, 512, 1024, 1080, 32769, 65600 })
            {
                MemoryStorage storage = new("disk.bin");
                storage.Write(offset, Encoding.Latin1.GetBytes(text));
                storage.SetLength(1 << 20);
                Assert.Equal("Raw", DiskFormats.Probe(storage).Name);
            }
        }
    }

    [Theory]
    [InlineData("a.gz", "gzip", "gzip file", "Decompress")]
    [InlineData("a.bin", "tar", "OVA", "Unpack")]
    [InlineData("a.vmdk", "COWD", "COWD", "vmkfstools")]
    [InlineData("a.vmdk", "gzip", "extension of VMDK disks", "Decompress")]
    [InlineData("a.E01", "EnCase", "EnCase", "ewfexport")]
    public void Files_of_unsupported_formats_are_refused_by_format_name_with_advice(string name, string format, string named, string advice)
    {
        MemoryStorage storage = new(name);
        storage.SetLength(4096);
        ForeignSignature signature = format switch
        {
            "gzip" => new(0, [0x1f, 0x8b, 8]),
            "tar" => new(257, [.. "ustar"u8]),
            "COWD" => new(0, [.. "COWD"u8]),
            _ => new(0, [.. "EVF\u0009\r\n"u8, 0xff, 0]),
        };
        storage.Write(signature.Offset, signature.Bytes);

        QedUnsupportedFormatException error = Assert.Throws<QedUnsupportedFormatException>(() => DiskFormats.Open(storage, DiskFormats.OfExtension(name)));

        Assert.Equal(format, error.Format);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
        Assert.Contains(advice, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_format_without_a_signature_is_recognized_by_its_extension()
    {
        Assert.Equal("VHD set", DiskFormats.Probe(new MemoryStorage("vm.VHDS")).Name);
        Assert.Equal("Raw", DiskFormats.Probe(new MemoryStorage("vm.vhds.1")).Name);
    }

    [Fact]
    public void The_table_gives_each_format_a_description_and_a_remedy()
    {
        Assert.Equal(ForeignFormats.All.Select(format => format.Name).Distinct(), ForeignFormats.All.Select(format => format.Name));
        Assert.All(ForeignFormats.All, format =>
        {
            Assert.Matches("^(a|an|the) ", format.Phrase);
            Assert.Matches(@"^[A-Z].*\.$", format.Remedy);
        });
    }

    private string At(string name) => _folder.PathOf(name);
}
