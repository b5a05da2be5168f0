using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Numerics;
using QedTools.Qed.Format;
using QedTools.Tests.Operations;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interop;

/// <summary>ImageCreation makes the same files as qemu-img, wherever qemu-img can make them.</summary>
public sealed class QemuCreateTests : IDisposable
{
    private readonly TempFolder _folder = new();

    /// <summary>
    /// Every cluster and table size that QEMU can create: it does not read tables of one cluster, and overflows past 2^63 bytes.
    /// </summary>
    public static TheoryData<int, int> GeometriesOfQemu { get; } = new(
        from clusterSize in Enumerable.Range(12, 15).Select(bits => 1 << bits)
        from tableSize in new[] { 2, 4, 8, 16 }
        where QemuSupports(clusterSize, tableSize)
        select (clusterSize, tableSize));

    public void Dispose() => _folder.Dispose();

    [Theory(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    [MemberData(nameof(GeometriesOfQemu))]
    public void An_image_without_a_backing_file_is_the_same_file_and_passes_QEMUs_check(int clusterSize, int tableSize)
    {
        RequireSameFile(new() { SizeBytes = 3 << 20, ClusterSize = clusterSize, TableSize = tableSize });
        Qemu.Img("check", "-f", "qed", _folder.PathOf("ours.qed"));
    }

    [Theory(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    [InlineData(4096, 2, "base.raw", "raw")]
    [InlineData(4096, 16, "base.qed", "qed")]
    [InlineData(65536, 4, "base.raw", "raw")]
    [InlineData(65536, 4, "base.qed", "qed")]
    [InlineData(1048576, 8, "base.qed", "qed")]
    [InlineData(65536, 4, "./base.qed", "qed")]
    [InlineData(65536, 4, "Größe 基底.raw", "raw")]
    [InlineData(65536, 4, "./a:b.raw", "raw")]
    [InlineData(65536, 4, "base.qed", "raw")]
    public void An_image_with_a_backing_file_is_the_same_file_and_passes_QEMUs_check(
        int clusterSize, int tableSize, string backing, string format)
    {
        MakeBackingFiles();
        ImageCreationOptions options = new()
        {
            ClusterSize = clusterSize,
            TableSize = tableSize,
            BackingFile = backing,
            BackingFormat = format == "raw" ? QedBackingFormat.Raw : QedBackingFormat.Probe,
        };

        RequireSameFile(options, "-b", backing, "-F", format);
        RequireSameFile(options with { SizeBytes = 5 << 20 }, "-b", backing, "-F", format);
        Qemu.Img("check", "-f", "qed", _folder.PathOf("ours.qed"));
    }

    [Theory(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    [InlineData(1)]
    [InlineData(512)]
    [InlineData(1000)]
    [InlineData(1048577)]
    [InlineData(1L << 40)]
    public void Sizes_are_rounded_as_QEMU_rounds_them(long size) => RequireSameFile(new() { SizeBytes = size });

    [Fact(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    public void The_size_of_an_odd_raw_backing_file_is_rounded_as_QEMU_rounds_it()
    {
        File.WriteAllBytes(_folder.PathOf("odd.raw"), new byte[1000]);

        RequireSameFile(new() { BackingFile = "odd.raw" }, "-b", "odd.raw", "-F", "raw");
    }

    [Theory(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    [InlineData(4096, 2)]
    [InlineData(65536, 4)]
    [InlineData(1 << 20, 16)]
    public void Both_refuse_more_than_the_largest_size(int clusterSize, int tableSize)
    {
        BigInteger entries = new BigInteger(clusterSize) * tableSize / 8;
        long most = (long)(entries * entries * clusterSize);
        ImageCreationOptions options = new() { SizeBytes = most, ClusterSize = clusterSize, TableSize = tableSize };

        RequireSameFile(options);

        Assert.Throws<QedLimitException>(() => ImageCreation.Plan(_folder.PathOf("new.qed"), options with { SizeBytes = most + 512 }));
        Assert.NotEqual(0, QemuCreate("more.qed", options with { SizeBytes = most + 512 }).Code);
    }

    [Theory(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    [InlineData("over-raw.qed", "base.qed", "qed")]
    [InlineData("over-qed.qed", "base.raw", "raw")]
    [InlineData("base.qed", "base.raw", "raw")]
    [InlineData("over-qed.qed", null, null)]
    public void QEMU_reads_a_changed_backing_file(string fixture, string? backing, string? format)
    {
        MakeBackingFiles();
        string image = _folder.PathOf("image.qed");
        File.Copy(Fixture.PathOf("chains/" + fixture), image);

        QedImageInfo info = BackingFileChange.Run(
            image, new() { BackingFile = backing }, progress: null, TestContext.Current.CancellationToken);

        string qemu = Qemu.Img("info", image);
        Assert.Equal(backing is not null, qemu.Contains("backing file: " + backing, StringComparison.Ordinal));
        Assert.Equal(format == "raw", qemu.Contains("backing file format: raw", StringComparison.Ordinal));
        Assert.Equal(backing, info.BackingFile);
        Qemu.Img("check", "-f", "qed", image);
        Qemu.Io(image, "qed", "read 0 4k", "write -P 7 0 4k");
    }

    private static bool QemuSupports(int clusterSize, int tableSize)
    {
        BigInteger entries = new BigInteger(clusterSize) * tableSize / 8;
        return entries * entries * clusterSize <= BigInteger.Pow(2, 63);
    }

    private void RequireSameFile(ImageCreationOptions options, params string[] more)
    {
        string ours = _folder.PathOf("ours.qed");
        ImageCreation.Run(ours, options with { Replace = true }, TestContext.Current.CancellationToken);
        (int code, _, string errors) = QemuCreate("theirs.qed", options, more);
        Assert.True(code == 0, errors);
        Assert.True(
            File.ReadAllBytes(ours).AsSpan().SequenceEqual(File.ReadAllBytes(_folder.PathOf("theirs.qed"))),
            $"{options} {string.Join(' ', more)}: our {Header("ours.qed")}, QEMU's {Header("theirs.qed")}");
    }

    private (int Code, string Output, string Errors) QemuCreate(string name, ImageCreationOptions options, params string[] more)
    {
        string geometry = string.Format(
            CultureInfo.InvariantCulture, "cluster_size={0},table_size={1}", options.ClusterSize ?? QedGeometry.DefaultClusterSize, options.TableSize ?? QedGeometry.DefaultTableSize);
        string[] size = options.SizeBytes is { } bytes ? [bytes.ToString(CultureInfo.InvariantCulture)] : [];
        return Qemu.Run("qemu-img", ["create", "-q", "-f", "qed", "-o", geometry, .. more, _folder.PathOf(name), .. size]);
    }

    private string Header(string name)
    {
        using FileStream stream = File.OpenRead(_folder.PathOf(name));
        byte[] header = new byte[128];
        stream.ReadExactly(header);
        return $"{stream.Length} bytes {Convert.ToHexString(header)}";
    }

    private void MakeBackingFiles()
    {
        File.WriteAllBytes(_folder.PathOf("base.raw"), new byte[65536]);
        File.WriteAllBytes(_folder.PathOf("Größe 基底.raw"), new byte[512]);
        File.WriteAllBytes(_folder.PathOf("a:b.raw"), new byte[512]);
        ImageFiles.Make(_folder.PathOf("base.qed"));
    }
}
