using System;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.Versioning;
using System.Text;
using QedTools.Chains;
using QedTools.Disks;
using QedTools.Interchange.Vmdk;
using QedTools.Storage;
using QedTools.Tests.DataPlane;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interchange.Vmdk;

/// <summary>Descriptors as written by programs and by people.</summary>
public sealed class VmdkDescriptorTests : IDisposable
{
    private const string FlatExtent = "RW 2048 FLAT \"data.bin\" 0";

    private readonly TempFolder _folder = new();
    private readonly byte[] _content;

    static VmdkDescriptorTests()
    {
        // The netstandard2.0 build is meant for .NET Framework, which has all code pages; on .NET they must be registered.
        if (!typeof(VmdkDescriptor).Assembly.GetCustomAttribute<TargetFrameworkAttribute>()!.FrameworkName.StartsWith(".NETCoreApp", StringComparison.Ordinal))
        {
            Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);
        }
    }

    public VmdkDescriptorTests() => _content = RawFiles.Scattered(_folder.PathOf("data.bin"), 1 << 20, seed: 4, pieces: 9);

    [Theory]
    [InlineData("# Disk DescriptorFile\nversion=1\n")]
    [InlineData("# Disk Descriptor File\nversion=1\n")]
    [InlineData("version=1\n")]
    [InlineData("\n\r\n  \n# something else\nversion=3\r\n")]
    [InlineData("\uFEFF# Disk DescriptorFile\r\nversion=1\r\n")]
    [InlineData("# Disk DescriptorFile\nVERSION = 1\n")]
    public void A_descriptor_is_recognized_by_its_beginning(string start)
    {
        // Only QedTools accepts capitals: QEMU requires a lower-case "version".
        string path = Write(start.Replace("VERSION", "version", StringComparison.Ordinal) + FlatExtent + "\n");

        Assert.Equal(_content, ReadAll(path));
    }

    [Theory]
    [InlineData("")]
    [InlineData("# a shell script\necho version=1\n")]
    [InlineData("# only comments\n# and more\n")]
    [InlineData("version\n")]
    [InlineData("version=x\n")]
    [InlineData("version=1")]
    public void Other_text_is_not_a_descriptor(string text) => Assert.Equal("Raw", ProbeOf(Write(text)));

    [Theory]
    [InlineData("RW 2048 FLAT \"data.bin\" 0 \"36FD5B63-C1C1-4BB2-9DE6-4B1C0F3C6F1B\" \"naa.600\"")]
    [InlineData("  RW\t2048  FLAT\t\"data.bin\"   0  ")]
    [InlineData("rw 2048 flat \"data.bin\" 0")]
    [InlineData("RDONLY 2048 FLAT \"data.bin\" 0")]
    [InlineData("RW 2048 VMFS \"data.bin\"")]
    [InlineData("RW 1024 FLAT \"data.bin\" 0\nRW 1024 FLAT \"data.bin\" 1024")]
    [InlineData("RW 1 FLAT \"data.bin\" 0\nRW 2046 VMFS \"data.bin\" 1\nRW 1 FLAT \"./data.bin\" 2047")]
    public void An_extent_line_may_be_written_in_many_ways(string lines) =>
        Assert.Equal(_content, ReadAll(Write("# Disk DescriptorFile\nversion=1\n" + lines + "\n")));

    [Fact]
    public void Extents_form_one_disk_wherever_they_are()
    {
        byte[] other = RawFiles.Scattered(_folder.PathOf("other.bin"), 10 * 512, seed: 5, pieces: 3);
        string path = Write(
            "# Disk DescriptorFile\nversion=1\nRW 5 FLAT \"data.bin\" 100\nRW 3 ZERO\nRW 7 FLAT \"other.bin\" 3\nRW 4 ZERO \"\"\nRW 2 FLAT \"data.bin\" 0\n");
        byte[] expected =
        [
            .. _content[(100 * 512)..(105 * 512)],
            .. new byte[3 * 512],
            .. other[(3 * 512)..],
            .. new byte[4 * 512],
            .. _content[..1024],
        ];

        Assert.Equal(expected, ReadAll(path));
        using BackingChain chain = Open(path);
        IDisk disk = chain.ToDisk();
        for (int from = 0; from < expected.Length; from += 777)
        {
            byte[] part = new byte[Math.Min(4000, expected.Length - from)];
            disk.Read(from, part);
            Assert.Equal(expected[from..(from + part.Length)], part);
        }

        DiskExtent[] extents = [.. ExtentWalk.Over(disk, 0, disk.Length, TestContext.Current.CancellationToken)];
        Assert.Equal(expected.Length, extents.Sum(extent => extent.Length));
        Assert.Contains(extents, extent => extent is { State: QedExtentState.Data, File: 2 });
        Assert.All(extents.Where(extent => extent.State == QedExtentState.Data), extent =>
        {
            byte[] file = extent.File == 1 ? _content : other;
            Assert.Equal(expected[(int)extent.Start..(int)extent.End], file[(int)extent.FileOffset..(int)(extent.FileOffset + extent.Length)]);
        });
    }

    [Theory]
    [InlineData("windows-1252", 1252, "M\u00fcller-flat.vmdk")]
    [InlineData("Shift_JIS", 932, "\u30bd\u8868\u30c7\u30a3\u30b9\u30af.bin")]
    [InlineData("GBK", 936, "\u78c1\u76d8.bin")]
    [InlineData("windows-1251", 1251, "\u0434\u0438\u0441\u043a.bin")]
    [InlineData("UTF-8", 65001, "\u00fcber.bin")]
    public void The_name_of_an_extent_is_in_the_encoding_that_the_descriptor_names(string encoding, int codePage, string name)
    {
        File.Move(_folder.PathOf("data.bin"), _folder.PathOf(name));
        Encoding other = codePage == 65001 ? Encoding.UTF8 : CodePagesEncodingProvider.Instance.GetEncoding(codePage)!;
        byte[] text = other.GetBytes($"# Disk DescriptorFile\nversion=1\nencoding=\"{encoding}\"\nRW 2048 FLAT \"{name}\" 0\n");
        File.WriteAllBytes(_folder.PathOf("disk.vmdk"), text);

        Assert.Equal(_content, ReadAll(_folder.PathOf("disk.vmdk")));
    }

    [Theory]
    [InlineData("klingon")]
    [InlineData("utf-16")]
    [InlineData("utf-7")]
    public void An_encoding_that_cannot_be_that_of_a_descriptor_is_refused_by_name(string encoding)
    {
        string path = Write($"# Disk DescriptorFile\nversion=1\nencoding=\"{encoding}\"\n{FlatExtent}\n");

        Assert.Contains(encoding, Assert.Throws<QedUnsupportedFormatException>(() => ReadAll(path)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sub\\data.bin")]
    [InlineData("sub/data.bin")]
    [InlineData(".\\sub\\data.bin")]
    [InlineData("C:\\VMs\\disk\\beside.bin")]
    [InlineData("\\\\server\\share\\beside.bin")]
    [InlineData("/vmfs/volumes/nowhere/beside.bin")]
    public void A_name_is_resolved_whichever_system_wrote_it(string name)
    {
        Directory.CreateDirectory(_folder.PathOf("sub"));
        File.Copy(_folder.PathOf("data.bin"), _folder.PathOf("beside.bin"));
        File.Move(_folder.PathOf("data.bin"), Path.Combine(_folder.PathOf("sub"), "data.bin"));

        Assert.Equal(_content, ReadAll(Write($"# Disk DescriptorFile\nversion=1\nRW 2048 FLAT \"{name}\" 0\n")));
    }

    [Theory]
    [InlineData("nbd:localhost:10809")]
    [InlineData("json:{}")]
    [InlineData("http://localhost/data.bin")]
    [InlineData("no/such/data.bin")]
    public void A_name_that_does_not_lead_to_a_file_is_refused(string name)
    {
        string path = Write($"# Disk DescriptorFile\nversion=1\nRW 2048 FLAT \"{name}\" 0\n");

        Assert.ThrowsAny<QedBackingFileException>(() => ReadAll(path));
    }

    [Fact]
    public void A_folder_or_a_device_is_not_an_extent()
    {
        Directory.CreateDirectory(_folder.PathOf("sub"));
        Assert.Throws<QedBackingFileRefusedException>(() => ReadAll(Write("# Disk DescriptorFile\nversion=1\nRW 2048 FLAT \"sub\" 0\n")));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Throws<QedBackingFileRefusedException>(() => ReadAll(Write("# Disk DescriptorFile\nversion=1\nRW 2048 FLAT \"/dev/zero\" 0\n")));
        }
    }

    [Theory]
    [InlineData("RW")]
    [InlineData("RW many FLAT \"data.bin\" 0")]
    [InlineData("RW -1 FLAT \"data.bin\" 0")]
    [InlineData("RW 2048")]
    [InlineData("RW 2048 FLAT")]
    [InlineData("RW 2048 FLAT data.bin 0")]
    [InlineData("RW 2048 FLAT \"\" 0")]
    [InlineData("RW 2048 FLAT \"data.bin 0")]
    [InlineData("RW 2048 FLAT \"data.bin\" first")]
    [InlineData("RW 0 FLAT \"data.bin\" 0")]
    [InlineData("RW 2048 FLAT \"data.bin\" 0\nRW 2 FLAT data.bin")]
    [InlineData("RW 9223372036854775807 FLAT \"data.bin\" 0")]
    [InlineData("RW 1 FLAT \"data.bin\" 9223372036854775807")]
    [InlineData("RW 18014398509481983 ZERO\nRW 1 ZERO")]
    [InlineData("RW 2048 FLAT \"data.bin\" 1")]
    [InlineData("RW 2049 FLAT \"data.bin\" 0")]
    [InlineData("parentCID=12345678\nRW 2048 FLAT \"data.bin\" 0")]
    [InlineData("parentFileNameHint=\"p.vmdk\"\nRW 2048 FLAT \"data.bin\" 0")]
    [InlineData("parentCID=ffffffff\nparentFileNameHint=\"p.vmdk\"\nRW 2048 FLAT \"data.bin\" 0")]
    [InlineData("parentCID=none\nRW 2048 FLAT \"data.bin\" 0")]
    [InlineData("parentCID=ffffffff\nparentCID=1\nRW 2048 FLAT \"data.bin\" 0")]
    public void An_invalid_line_is_damage_and_never_skipped(string lines)
    {
        // A line with only "RW" means nothing, like many others; without further lines, the descriptor has no extents.
        string path = Write("# Disk DescriptorFile\nversion=1\nCID=1\n" + lines + "\n");

        Assert.Throws<QedDamagedFileException>(() => ReadAll(path));
    }

    [Fact]
    public void The_data_may_follow_the_descriptor_in_the_same_file()
    {
        // As Haiku's vmdkheader writes it: a header without capacity, the descriptor, and the disk from sector 128 on.
        string path = _folder.PathOf("self.vmdk");
        File.WriteAllBytes(path, [.. Header(capacity: 0, descriptorAt: 1), .. Padded($"# Disk Descriptor File\nversion=1\nCID=fffffffe\nparentCID=ffffffff\nRW 2048 FLAT \"self.vmdk\" 128\n", 127 * 512), .. _content]);

        Assert.Equal(_content, ReadAll(path));
        Assert.Throws<QedRequestException>(() => DiskConversion.Run(
            path, path, new DiskConversionOptions { Replace = true, Format = QedDiskFormat.Raw }, cancellation: TestContext.Current.CancellationToken));
    }

    [Fact]
    public void A_descriptor_that_names_itself_as_an_extent_is_read_that_way()
    {
        string path = Write("# Disk DescriptorFile\nversion=1\nRW 1 FLAT \"disk.vmdk\" 0\n#" + new string('x', 1024) + "\n");

        Assert.Equal(File.ReadAllBytes(path)[..512], ReadAll(path));
    }

    [Fact]
    public void An_extent_that_is_the_overlay_above_is_a_cycle()
    {
        string path = Write("# Disk DescriptorFile\nversion=1\nRW 2 FLAT \"over.qed\" 0\n");
        File.WriteAllBytes(_folder.PathOf("over.qed"), new byte[4096]);
        ImageCreation.Run(_folder.PathOf("new.qed"), new ImageCreationOptions { BackingFile = path, BackingFormat = QedBackingFormat.Probe, SizeBytes = 1024 }, TestContext.Current.CancellationToken);
        File.Move(_folder.PathOf("new.qed"), _folder.PathOf("over.qed"), overwrite: true);

        Assert.Throws<QedBackingChainException>(() => ReadAll(_folder.PathOf("over.qed")));
    }

    [Fact]
    public void A_result_never_replaces_an_extent_of_its_source()
    {
        string path = Write("# Disk DescriptorFile\nversion=1\n" + FlatExtent + "\n");

        Assert.Throws<QedRequestException>(() => DiskConversion.Run(
            path, _folder.PathOf("data.bin"), new DiskConversionOptions { Replace = true, Format = QedDiskFormat.Raw }, cancellation: TestContext.Current.CancellationToken));
        Assert.Equal(_content, File.ReadAllBytes(_folder.PathOf("data.bin")));
    }

    [Fact]
    public void A_change_to_an_extent_is_noticed_like_one_to_the_descriptor()
    {
        string path = Write("# Disk DescriptorFile\nversion=1\n" + FlatExtent + "\n");
        using BackingChain chain = Open(path);
        chain.RequireUnchanged();

        File.WriteAllBytes(_folder.PathOf("data.bin"), new byte[1000]);

        Assert.Contains("data.bin", Assert.Throws<QedFileChangedException>(() => chain.RequireUnchanged()).Message, StringComparison.Ordinal);
        Assert.Throws<QedFileChangedException>(() => chain.ToDisk().Read(0, new byte[2000]));
        Assert.Throws<QedFileChangedException>(() => chain.ToDisk().ExtentAt(4096, 4096));
    }

    [Theory]
    [InlineData("disk-s001.vmdk", true)]
    [InlineData("disk-s001.vmdk", false)]
    [InlineData("anything.vmdk", true)]
    public void A_sparse_extent_without_a_descriptor_is_only_a_part_of_a_disk(string name, bool isDescribed)
    {
        foreach (bool isEmpty in new[] { false, true })
        {
            File.WriteAllBytes(_folder.PathOf(name), [.. Header(capacity: 2048, descriptorAt: isEmpty ? 1u : 0u), .. new byte[64 << 10]]);
            if (isDescribed)
            {
                File.WriteAllText(_folder.PathOf("whole.vmdk"), $"# Disk DescriptorFile\nversion=1\ncreateType=\"twoGbMaxExtentSparse\"\nRW 2048 SPARSE \"{name}\"\n");
            }

            QedUnsupportedFormatException error = Assert.Throws<QedUnsupportedFormatException>(() => ReadAll(_folder.PathOf(name)));

            Assert.Contains("only a part", error.Message, StringComparison.Ordinal);
            Assert.Equal(isDescribed, error.Message.Contains("whole.vmdk", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("disk-flat.vmdk", true)]
    [InlineData("disk-flat.vmdk", false)]
    [InlineData("disk-f001.vmdk", false)]
    [InlineData("anything.vmdk", true)]
    public void The_data_file_of_a_flat_disk_is_only_a_part_of_it(string name, bool isDescribed)
    {
        File.WriteAllBytes(_folder.PathOf(name), new byte[4096]);
        if (isDescribed)
        {
            File.WriteAllText(_folder.PathOf("whole.vmdk"), $"# Disk DescriptorFile\nversion=1\nRW 8 FLAT \"{name}\" 0\n");
        }

        QedUnsupportedFormatException error = Assert.Throws<QedUnsupportedFormatException>(
            () => DiskConversion.Run(_folder.PathOf(name), _folder.PathOf("a.raw"), new DiskConversionOptions(), cancellation: TestContext.Current.CancellationToken));

        Assert.Contains("only a part", error.Message, StringComparison.Ordinal);
        Assert.Equal(isDescribed, error.Message.Contains("whole.vmdk", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("zeroed")]
    [InlineData("out of range")]
    [InlineData("longer than the file")]
    [InlineData("of length zero")]
    [InlineData("without parentCID")]
    [InlineData("with parentCID of none")]
    [InlineData("without parentFileNameHint")]
    public void An_overlay_whose_descriptor_is_lost_is_never_read_without_its_parent(string damage)
    {
        string text = "# Disk DescriptorFile\nversion=1\nCID=00000001\nparentCID=00000002\ncreateType=\"monolithicSparse\"\nparentFileNameHint=\"base.vmdk\"\nRW 2048 SPARSE \"o.vmdk\"\n";
        text = damage switch
        {
            "zeroed" => string.Empty,
            "without parentCID" => text.Replace("parentCID", "parentXID", StringComparison.Ordinal).Replace("parentFileNameHint", "x", StringComparison.Ordinal),
            "with parentCID of none" => text.Replace("00000002", "ffffffff", StringComparison.Ordinal),
            "without parentFileNameHint" => text.Replace("parentFileNameHint", "x", StringComparison.Ordinal),
            _ => text,
        };
        byte[] header = Header(capacity: 2048, descriptorAt: damage == "out of range" ? 100_000u : 1u);
        header[36] = damage switch { "longer than the file" => 255, "of length zero" => 0, _ => header[36] };
        File.WriteAllBytes(_folder.PathOf("o.vmdk"), [.. header, .. Padded(text, 64 << 10)]);

        Assert.Throws<QedDamagedFileException>(() => ReadAll(_folder.PathOf("o.vmdk")));
    }

    [Fact]
    public void A_descriptor_in_a_file_of_a_gigabyte_or_with_a_million_lines_costs_little()
    {
        using (FileStream file = File.Create(_folder.PathOf("disk.vmdk")))
        {
            file.Write("# Disk DescriptorFile\nversion=1\n"u8);
            file.SetLength(1L << 30);
        }

        Assert.Throws<QedDamagedFileException>(() => ReadAll(_folder.PathOf("disk.vmdk")));

        string path = Write("# Disk DescriptorFile\nversion=1\n" + string.Concat(Enumerable.Repeat("RW 1 FLAT \"data.bin\" 7\n", 100_000)));
        using BackingChain chain = Open(path);
        IDisk disk = chain.ToDisk();
        byte[] sector = new byte[512];
        disk.Read(99_999L * 512, sector);
        Assert.Equal(100_000L * 512, disk.Length);
        Assert.Equal(_content[3584..4096], sector);
    }

    [Fact]
    public void Mutated_descriptors_open_or_fail_with_an_engine_error()
    {
        string[] words =
        [
            "RW", "RDONLY", "NOACCESS", "FLAT", "ZERO", "VMFS", "SPARSE", "\"data.bin\"", "\"..\\data.bin\"", "\"C:\\data.bin\"", "\"\"", "\"", "0", "1", "2047", "2048",
            "-1", "9223372036854775807", "18014398509481984", "\n", "\r\n", "\t", " ", "=", "CID", "parentCID", "ffffffff", "encoding=\"GBK\"\n", "encoding=\"\"\n", "#", "\0",
            "version=1\n", "# Disk DescriptorFile\n", "parentFileNameHint=\"disk.vmdk\"\n", "\u00fc", "\"disk.vmdk\"", "\"/dev/zero\"", "\"nbd:a\"",
        ];
        string good = "# Disk DescriptorFile\nversion=1\nencoding=\"windows-1252\"\nCID=1\nparentCID=ffffffff\nRW 1024 FLAT \"data.bin\" 0\nRW 8 ZERO\nRW 1024 FLAT \"data.bin\" 1024\n";
        int opened = 0;
        const int Rounds = 3000;
        Seeded.Run(9_100_000, Rounds, random =>
        {
            string text = good;
            for (int i = random.Pick(1, 1, 2, 5); i > 0; i--)
            {
                int at = random.Next(text.Length);
                text = random.Next(3) switch
                {
                    0 => text.Insert(at, random.Pick<string>(words)),
                    1 => text.Remove(at, Math.Min(random.Next(1, 9), text.Length - at)),
                    _ => text[..at] + random.Pick<string>(words) + text[Math.Min(text.Length, at + 3)..],
                };
                text += " ";
            }

            try
            {
                string path = Write(text);
                byte[] read = ReadAll(path);
                opened++;
                Assert.Equal(0, read.Length % 512);
            }
            catch (QedException)
            {
            }
        });
        Assert.InRange(opened, Rounds / 50, Rounds - (Rounds / 50));
    }

    public void Dispose() => _folder.Dispose();

    private static byte[] Header(ulong capacity, uint descriptorAt)
    {
        byte[] header = new byte[512];
        new VmdkHeader(1, VmdkFlags.LineEnds, capacity, 128, descriptorAt, descriptorAt == 0 ? 0u : 20u, 512, 0, 50, 128, false, 0).WriteTo(header);
        return header;
    }

    private static byte[] Padded(string text, int length)
    {
        byte[] bytes = new byte[length];
        Encoding.UTF8.GetBytes(text, bytes);
        return bytes;
    }

    private static BackingChain Open(string path) =>
        BackingChain.OpenAll(path, DiskFormats.OfExtension(path), new ChainPolicy(StorageAccess.Inspect, AllowUnc: false));

    private static byte[] ReadAll(string path)
    {
        using BackingChain chain = Open(path);
        IDisk disk = chain.ToDisk();
        byte[] bytes = new byte[Math.Min(disk.Length, 4 << 20)];
        disk.Read(0, bytes);
        return bytes;
    }

    private static string ProbeOf(string path)
    {
        using IStorage storage = HostFiles.Open(path, StorageAccess.Inspect);
        return DiskFormats.Probe(storage).Name;
    }

    private string Write(string text)
    {
        string path = _folder.PathOf("disk.vmdk");
        File.WriteAllText(path, text, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        return path;
    }
}
