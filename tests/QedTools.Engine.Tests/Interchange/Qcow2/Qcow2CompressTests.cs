using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using QedTools.Storage;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interchange.Qcow2;

/// <summary>Compressed qcow2 files that QedTools writes.</summary>
public sealed class Qcow2CompressTests : IDisposable
{
    private const int KiB = 1 << 10;
    private const int MiB = 1 << 20;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Size, cluster size, compression.</summary>
    public static TheoryData<int, int, QedCompressionType> Disks
    {
        get
        {
            TheoryData<int, int, QedCompressionType> disks = [];
            foreach (QedCompressionType type in Enum.GetValues<QedCompressionType>())
            {
                disks.Add(512, 64 * KiB, type);
                disks.Add(512, 512, type);
                disks.Add((64 * KiB) + 512, 64 * KiB, type);
                disks.Add((2 * MiB) + 1536, 512, type);
                disks.Add((9 * MiB) + 512, 4 * KiB, type);
                disks.Add((20 * MiB) + 512, 64 * KiB, type);
                disks.Add((13 * MiB) + 512, 2 * MiB, type);
            }

            return disks;
        }
    }

    [Theory]
    [MemberData(nameof(Disks))]
    public void A_compressed_disk_reads_as_its_source(int size, int clusterSize, QedCompressionType type)
    {
        byte[] contents = MixedFile.Write(At("a.raw"), size, seed: size);
        QedImageInfo info = Convert("a.raw", "b.qcow2", Compressed(type) with { ClusterSize = clusterSize, Verify = true });

        Assert.Equal(((long)size, (int?)clusterSize), (info.VirtualSize, info.ClusterSize));
        using (FileStorage file = FileStorage.Open(At("b.qcow2"), StorageAccess.Read))
        {
            Qcow2Refcounts.AssertRight(file);
        }

        Convert("b.qcow2", "c.raw", new DiskConversionOptions());
        Assert.Equal(contents, File.ReadAllBytes(At("c.raw")));
    }

    [Theory(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    [MemberData(nameof(Disks))]
    public void QEMU_reads_and_checks_it(int size, int clusterSize, QedCompressionType type)
    {
        MixedFile.Write(At("a.raw"), size, seed: size);
        Convert("a.raw", "b.qcow2", Compressed(type) with { ClusterSize = clusterSize });

        AssertClean("b.qcow2");
        AssertIdentical("b.qcow2", "a.raw");
        using JsonDocument theirs = JsonDocument.Parse(Qemu.Img("info", "-f", "qcow2", "--output=json", At("b.qcow2")));
        Assert.Equal((size, clusterSize), (theirs.RootElement.GetProperty("virtual-size").GetInt64(), theirs.RootElement.GetProperty("cluster-size").GetInt32()));
        JsonElement own = theirs.RootElement.GetProperty("format-specific").GetProperty("data");
        Assert.Equal(type == QedCompressionType.Zstd ? "zstd" : "zlib", own.GetProperty("compression-type").GetString());

        // QEMU can write to it: what QedTools left is what it expects.
        Qemu.Io(At("b.qcow2"), "qcow2", $"write -P 0x77 {size - 512} 512");
        Qemu.Io(At("a.raw"), "raw", $"write -P 0x77 {size - 512} 512");
        AssertClean("b.qcow2");
        AssertIdentical("b.qcow2", "a.raw");
    }

    [Theory(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    [InlineData(QedCompressionType.Deflate, "zlib")]
    [InlineData(QedCompressionType.Zstd, "zstd")]
    public void It_is_no_larger_than_QEMUs(QedCompressionType type, string theirs)
    {
        MixedFile.Write(At("a.raw"), 32 * MiB, seed: 5);
        Convert("a.raw", "b.qcow2", Compressed(type));
        Qemu.Img("convert", "-c", "-f", "raw", "-O", "qcow2", "-o", $"compression_type={theirs}", At("a.raw"), At("c.qcow2"));

        long length = new FileInfo(At("c.qcow2")).Length;
        Assert.InRange(new FileInfo(At("b.qcow2")).Length, length / 2, length + (length / 50));
    }

    [Theory(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    [InlineData(64 * KiB, 3 * MiB)]
    [InlineData(2 * MiB, 12 * MiB)]
    public void QEMU_follows_references_farther_back_than_it_makes_itself(int clusterSize, int most)
    {
        // Noise that comes again after 30,000 bytes: nobody makes it smaller who looks 4 KiB back.
        byte[] noise = DiskBytes.Random(3, 30_000);
        byte[] contents = [.. Enumerable.Range(0, 4 * MiB).Select(i => noise[i % noise.Length])];
        File.WriteAllBytes(At("a.raw"), contents);
        Convert("a.raw", "b.qcow2", Compressed(QedCompressionType.Deflate) with { ClusterSize = clusterSize });

        Assert.InRange(new FileInfo(At("b.qcow2")).Length, 1, most);
        AssertClean("b.qcow2");
        AssertIdentical("b.qcow2", "a.raw");
    }

    [Theory]
    [InlineData(QedCompressionType.Deflate)]
    [InlineData(QedCompressionType.Zstd)]
    public void What_does_not_get_smaller_is_stored_as_it_is(QedCompressionType type)
    {
        File.WriteAllBytes(At("a.raw"), DiskBytes.Random(1, 4 * MiB));
        Convert("a.raw", "b.qcow2", Compressed(type));
        Convert("a.raw", "c.qcow2", new DiskConversionOptions());

        byte[] packed = File.ReadAllBytes(At("b.qcow2"));
        byte[] plain = File.ReadAllBytes(At("c.qcow2"));
        Assert.Equal(plain.Length, packed.Length);
        Assert.Equal(plain[(64 * KiB)..], packed[(64 * KiB)..]);
    }

    [Theory]
    [InlineData(QedCompressionType.Deflate, 4 * KiB)]
    [InlineData(QedCompressionType.Deflate, 64 * KiB)]
    [InlineData(QedCompressionType.Zstd, 64 * KiB)]
    public void It_is_the_same_whatever_the_number_of_threads(QedCompressionType type, int clusterSize)
    {
        MixedFile.Write(At("a.raw"), (12 * MiB) + 512, seed: 9);
        byte[]? first = null;
        foreach (int workers in new[] { 1, 2, 5, 16 })
        {
            using WorkerCount count = new(workers);
            Convert("a.raw", $"{workers}.qcow2", Compressed(type) with { ClusterSize = clusterSize });
            byte[] bytes = File.ReadAllBytes(At($"{workers}.qcow2"));
            first ??= bytes;
            Assert.Equal(first, bytes);
        }
    }

    [Theory]
    [InlineData(QedCompressionType.Deflate, "0000000000000000", "00000068", "0000000000000000")]
    [InlineData(QedCompressionType.Zstd, "0000000000000008", "00000070", "0100000000000000")]
    public void The_header_says_how(QedCompressionType type, string features, string headerLength, string behind)
    {
        MixedFile.Write(At("a.raw"), MiB, seed: 1);
        Convert("a.raw", "b.qcow2", Compressed(type));
        byte[] header = File.ReadAllBytes(At("b.qcow2"))[..120];

        // "Header": the incompatible features, the length; then the compression type with its padding, or the end of the extensions.
        Assert.Equal(
            (features, headerLength, behind, "0000000000000000"),
            (Hex(72, 8), Hex(100, 4), Hex(104, 8), Hex(112, 8)));
        string Hex(int at, int count) => System.Convert.ToHexString(header, at, count);
    }

    [Theory]
    [InlineData(QedCompressionType.Deflate, 8)]
    [InlineData(QedCompressionType.Zstd, 0)]
    public void A_backing_name_has_the_room_that_the_header_leaves(QedCompressionType type, int more)
    {
        MixedFile.Write(At("base.raw"), 256 * KiB, seed: 1);
        MixedFile.Write(At("a.raw"), 256 * KiB, seed: 2);

        // 112 bytes of header, 16 that tell the backing file's format, 8 that end the extensions.
        string longest = string.Concat(Enumerable.Repeat("./", (512 - 112 - 16 - 8 + more - 8) / 2)) + "base.raw";
        DiskConversionOptions options = Compressed(type) with { ClusterSize = 512, BackingFile = longest, Verify = true };
        Convert("a.raw", "b.qcow2", options);
        QedLimitException error = Assert.Throws<QedLimitException>(() => Convert("a.raw", "c.qcow2", options with { BackingFile = "./" + longest }));

        Assert.Equal("BackingFile", error.Parameter);
        Convert("b.qcow2", "back.raw", new DiskConversionOptions());
        Assert.Equal(File.ReadAllBytes(At("a.raw")), File.ReadAllBytes(At("back.raw")));
        if (Qemu.IsInstalled)
        {
            AssertClean("b.qcow2");
            AssertIdentical("b.qcow2", "a.raw");
        }
    }

    [Theory]
    [InlineData(4 * KiB, 0)]
    [InlineData(64 * KiB, 0)]
    [InlineData(64 * KiB, 300)]
    [InlineData(2 * MiB, 1)]
    public void Over_a_backing_file_only_what_differs_is_stored(int clusterSize, int odd)
    {
        byte[] contents = MixedFile.Write(At("base.raw"), 12 * MiB, seed: 2);
        Array.Resize(ref contents, (12 * MiB) - 1024 + odd);
        DiskBytes.Random(3, 1000).CopyTo(contents, 100_000);
        contents.AsSpan(3 * MiB, 300_000).Fill(7);
        contents.AsSpan(5 * MiB, 500_000).Clear();
        contents.AsSpan(contents.Length - 700).Fill(9);
        File.WriteAllBytes(At("top.raw"), contents);
        Convert("top.raw", "over.qcow2", Compressed(QedCompressionType.Deflate) with { ClusterSize = clusterSize, BackingFile = "base.raw", Verify = true });

        using (FileStorage file = FileStorage.Open(At("over.qcow2"), StorageAccess.Read))
        {
            Qcow2Refcounts.AssertRight(file);
        }

        Assert.InRange(new FileInfo(At("over.qcow2")).Length, 1, clusterSize <= 64 * KiB ? MiB : 18 * MiB);
        Convert("over.qcow2", "back.raw", new DiskConversionOptions());
        Array.Resize(ref contents, (contents.Length + 511) / 512 * 512);
        Assert.Equal(contents, File.ReadAllBytes(At("back.raw")));
        if (Qemu.IsInstalled)
        {
            AssertClean("over.qcow2");
            AssertIdentical("over.qcow2", "back.raw");
        }
    }

    private static DiskConversionOptions Compressed(QedCompressionType type) => new() { Compress = true, CompressionType = type };

    private void AssertClean(string name) =>
        Assert.Contains("No errors were found", Qemu.Img("check", "-f", "qcow2", At(name)), StringComparison.Ordinal);

    private void AssertIdentical(string name, string raw) =>
        Assert.Contains("identical", Qemu.Img("compare", "-f", "qcow2", "-F", "raw", At(name), At(raw)), StringComparison.Ordinal);

    private QedImageInfo Convert(string from, string to, DiskConversionOptions options) =>
        DiskConversion.Run(At(from), At(to), options, progress: null, TestContext.Current.CancellationToken);

    private string At(string name) => _folder.PathOf(name);
}
