using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Json;
using QedTools.Tests.DataPlane;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interchange.Qcow2;

/// <summary>QEMU reads and checks what QedTools writes, and QedTools reads what QEMU writes.</summary>
public sealed class Qcow2QemuTests : IDisposable
{
    private const int KiB = 1 << 10;
    private const int MiB = 1 << 20;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Size, cluster size, and how many pieces of data; -1: full.</summary>
    public static TheoryData<long, int, int> Disks => new()
    {
        { 512, 64 * KiB, 1 },
        { 512, 512, -1 },
        { 512, 2 * MiB, -1 },
        { (64 * KiB) - 512, 64 * KiB, -1 },
        { (64 * KiB) + 512, 64 * KiB, 2 },
        { MiB + 1536, 512, 30 },
        { MiB + 1536, 512, -1 },
        { (9 * MiB) + 512, 4 * KiB, 60 },
        { 9 * MiB, 64 * KiB, -1 },
        { 9 * MiB, 64 * KiB, 0 },
        { (9 * MiB) + 512, 2 * MiB, 12 },
        { 40 * MiB, 1 * KiB, 100 }, // more than one group of tables
        { (3L << 30) + 512, 64 * KiB, 40 }, // several tables
        { (3L << 40) + 512, 64 * KiB, 12 },
        { (3L << 40) + 512, 2 * MiB, 12 },
    };

    [Theory(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    [MemberData(nameof(Disks))]
    public void QEMU_reads_our_files(long size, int clusterSize, int pieces)
    {
        RawFiles.OfPieces(At("a.raw"), size, pieces);
        QedImageInfo info = Convert("a.raw", "b.qcow2", new DiskConversionOptions { ClusterSize = clusterSize, Verify = true });

        Assert.Equal(("qcow2", size, clusterSize), (info.Format, info.VirtualSize, info.ClusterSize));
        AssertClean("b.qcow2");
        Assert.Contains("identical", Qemu.Img("compare", "-f", "qcow2", "-F", "raw", At("b.qcow2"), At("a.raw")), StringComparison.Ordinal);
        using JsonDocument theirs = JsonDocument.Parse(Qemu.Img("info", "-f", "qcow2", "--output=json", At("b.qcow2")));
        Assert.Equal(size, theirs.RootElement.GetProperty("virtual-size").GetInt64());
        Assert.Equal(clusterSize, theirs.RootElement.GetProperty("cluster-size").GetInt32());
        Assert.False(theirs.RootElement.GetProperty("dirty-flag").GetBoolean());
        JsonElement own = theirs.RootElement.GetProperty("format-specific").GetProperty("data");
        Assert.Equal(("1.1", 16, false), (own.GetProperty("compat").GetString(), own.GetProperty("refcount-bits").GetInt32(), own.GetProperty("corrupt").GetBoolean()));
        Assert.Equal(0, info.FileSize % clusterSize);
        if (RawFiles.AreSparseIn(_folder.Path))
        {
            // With small clusters these matter: an entry of 8 bytes and a refcount of 2 bytes for each cluster.
            long data = RawFiles.DataBytes(At("a.raw"));
            Assert.InRange(RawFiles.DataBytes(At("b.qcow2")), 1, data + (data / 32) + (8L * Math.Abs(pieces) * 4096) + (40 * KiB));
        }

        // QEMU can write to the file, so QedTools has left it in a state that QEMU expects.
        string last = (size - 512).ToString(CultureInfo.InvariantCulture);
        Qemu.Io(At("b.qcow2"), "qcow2", $"write -P 0x77 {last} 512");
        Qemu.Io(At("a.raw"), "raw", $"write -P 0x77 {last} 512");
        AssertClean("b.qcow2");
        AssertEqual("b.qcow2", "a.raw");
    }

    [Theory(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    [MemberData(nameof(Disks))]
    public void QEMUs_files_are_read(long size, int clusterSize, int pieces)
    {
        RawFiles.OfPieces(At("a.raw"), size, pieces);
        foreach ((string compat, string compression) in new[] { ("0.10", ""), ("0.10", "zlib"), ("1.1", ""), ("1.1", "zlib"), ("1.1", "zstd") })
        {
            if (compat == "0.10" && size > 1L << 40)
            {
                continue; // the tables are the same, and QEMU takes a long time to read them
            }

            File.Delete(At("b.qcow2"));
            string options = $"compat={compat},cluster_size={clusterSize}" + (compat == "0.10" || compression == "" ? "" : $",compression_type={compression}");
            string[] arguments = ["convert", "-f", "raw", "-O", "qcow2", .. (string[])(compression == "" ? [] : ["-c"]), "-o", options, At("a.raw"), At("b.qcow2")];
            Qemu.Img(arguments);

            AssertEqual("b.qcow2", "a.raw");
            if (size < 1L << 31)
            {
                Convert("b.qcow2", "c.raw", new DiskConversionOptions { Replace = true });
                Assert.Equal(File.ReadAllBytes(At("a.raw")), File.ReadAllBytes(At("c.raw")));
            }
        }
    }

    [Theory(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    [InlineData("preallocation=metadata", 64 * KiB)]
    [InlineData("preallocation=falloc", 64 * KiB)]
    [InlineData("preallocation=full", 4 * KiB)]
    [InlineData("lazy_refcounts=on", 64 * KiB)]
    [InlineData("refcount_bits=1", 64 * KiB)]
    [InlineData("refcount_bits=64", 512)]
    public void QEMUs_files_with_other_options_are_read(string option, int clusterSize)
    {
        const int Size = (5 * MiB) + 512;
        RawFiles.OfPieces(At("a.raw"), Size, 9);
        Qemu.Img("create", "-q", "-f", "qcow2", "-o", $"{option},cluster_size={clusterSize}", At("b.qcow2"), $"{Size}");
        Qemu.Io(At("b.qcow2"), "qcow2", [.. RawFiles.Pieces(Size, 9).Select(piece => $"write -q -P {piece.Value} {piece.Offset} {piece.Length}")]);

        AssertEqual("b.qcow2", "a.raw", isStrict: !option.StartsWith("prealloc", StringComparison.Ordinal));
    }

    [Theory(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    [MemberData(nameof(Seeds.Take), 12, MemberType = typeof(Seeds))]
    public void The_map_matches_QEMUs(int seed)
    {
        Random random = new(seed);
        int clusterSize = 512 << random.Next(8);
        const int Size = 6 * MiB;
        Qemu.Img("create", "-q", "-f", "qcow2", "-o", $"cluster_size={clusterSize}", At("b.qcow2"), $"{Size}");
        // QEMU compresses only clusters that are not allocated yet.
        List<string> commands = [.. Enumerable.Range(0, clusterSize < 4096 ? 0 : 8)
            .Select(_ => random.Next(Size / clusterSize) * (long)clusterSize)
            .Distinct()
            .Select((cluster, i) => $"write -q -c -P {i + 100} {cluster} {clusterSize}")];
        for (int i = 0; i < 20; i++)
        {
            long offset = random.Next(Size / 512) * 512L;
            long length = Math.Min(Size - offset, random.Next(1, 600) * 512L);
            commands.Add(random.Next(3) switch
            {
                0 => $"write -q -z {offset} {length}",
                1 => $"write -q -z -u {offset} {length}",
                _ => $"write -q -P {i + 1} {offset} {length}",
            });
        }

        Qemu.Io(At("b.qcow2"), "qcow2", [.. commands]);
        Qemu.Img("convert", "-f", "qcow2", "-O", "raw", At("b.qcow2"), At("b.raw"));

        AssertEqual("b.qcow2", "b.raw", isStrict: false);

        // In a file without holes both programs see whole clusters.
        byte[] file = File.ReadAllBytes(At("b.qcow2"));
        File.Delete(At("b.qcow2"));
        File.WriteAllBytes(At("b.qcow2"), file);
        QemuMaps.AssertSame(_folder, "b.qcow2");
    }

    [Theory(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    [InlineData(512)]
    [InlineData(64 * KiB)]
    [InlineData(2 * MiB)]
    public void QEMU_reads_our_overlays(int clusterSize)
    {
        const int Size = (6 * MiB) + 512;
        RawFiles.OfPieces(At("base.raw"), (4 * MiB) + 1024, -1);
        File.Copy(At("base.raw"), At("top.raw"));
        using (FileStream file = new(At("top.raw"), FileMode.Open))
        {
            file.SetLength(Size);
            file.Position = 5000;
            file.Write(new byte[200_000]);
            file.Position = (3 * MiB) - 700;
            file.Write(DiskBytes.Random(7, MiB));
            file.Position = Size - 512;
            file.Write(DiskBytes.Random(8, 512));
        }

        foreach (string name in new[] { "base.raw", "base.qcow2", "base.qed", "base.vhdx" })
        {
            if (name != "base.raw")
            {
                Convert("base.raw", name, new DiskConversionOptions());
            }

            string over = $"over-{name[5..]}.qcow2";
            Convert("top.raw", over, new DiskConversionOptions { ClusterSize = clusterSize, BackingFile = name, Verify = true });

            AssertClean(over);
            Assert.Contains("identical", Qemu.Img("compare", "-f", "qcow2", "-F", "raw", At(over), At("top.raw")), StringComparison.Ordinal);
            using JsonDocument theirs = JsonDocument.Parse(Qemu.Img("info", "-f", "qcow2", "--output=json", At(over)));
            Assert.Equal(name, theirs.RootElement.GetProperty("backing-filename").GetString());
            Assert.Equal(Path.GetExtension(name)[1..], theirs.RootElement.GetProperty("backing-filename-format").GetString());
            if (clusterSize <= 64 * KiB)
            {
                Assert.InRange(new FileInfo(At(over)).Length, MiB, 2 * MiB);
            }

            AssertEqual(over, "top.raw");
        }
    }

    [Theory(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    [InlineData("raw")]
    [InlineData("qcow2")]
    [InlineData("qed")]
    [InlineData("vhdx")]
    [InlineData("vpc")]
    [InlineData("vdi")]
    [InlineData("vmdk")]
    public void QEMUs_overlays_are_read(string format)
    {
        RawFiles.OfPieces(At("base.raw"), 4 * MiB, 20);
        Qemu.Img(["convert", "-f", "raw", "-O", format, .. (string[])(format == "vpc" ? ["-o", "force_size=on"] : []), At("base.raw"), At("base.img")]);
        Qemu.Img("create", "-q", "-f", "qcow2", "-b", "base.img", "-F", format, At("over.qcow2"), $"{5 * MiB}");
        Qemu.Io(At("over.qcow2"), "qcow2", $"write -q -P 0x55 1000k 100k", "write -q -z 64k 1M", "write -q -P 0x56 4100k 1k");
        Qemu.Img("convert", "-f", "qcow2", "-O", "raw", At("over.qcow2"), At("over.raw"));

        AssertEqual("over.qcow2", "over.raw");
    }

    [Fact(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    public void An_unsupported_feature_is_named()
    {
        (string Name, string[] Options, string Feature)[] cases =
        [
            ("aes", ["-o", "encrypt.format=aes,encrypt.key-secret=s"], "encryption (AES)"),
        ];
        foreach ((string name, string[] options, string feature) in cases)
        {
            string file = At(name + ".qcow2");
            (int code, _, string errors) = Qemu.Run(
                "qemu-img", ["create", "-q", "-f", "qcow2", "--object", "secret,id=s,data=secret", .. options, file, "1M"]);
            Assert.True(code == 0, errors);
            QedUnsupportedFormatException error = Assert.Throws<QedUnsupportedFormatException>(() => Convert(name + ".qcow2", "out.raw", new DiskConversionOptions()));
            Assert.Contains(feature, error.Message, StringComparison.Ordinal);
            Assert.Equal(file, error.Path);
        }
    }

    private void AssertClean(string name) =>
        Assert.Contains("No errors were found", Qemu.Img("check", "-f", "qcow2", At(name)), StringComparison.Ordinal);

    private void AssertEqual(string one, string other, bool isStrict = true)
    {
        QedComparison result = DiskComparison.Run(
            At(one), At(other), new DiskComparisonOptions { Strict = isStrict }, progress: null, TestContext.Current.CancellationToken);
        Assert.True(result.AreEqual, $"{one} and {other} differ at {result.FirstDifference}");
    }

    private QedImageInfo Convert(string from, string to, DiskConversionOptions options) =>
        DiskConversion.Run(At(from), At(to), options, progress: null, TestContext.Current.CancellationToken);

    private string At(string name) => _folder.PathOf(name);
}
