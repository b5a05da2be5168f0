using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using QedTools.Interchange.Qcow2;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interchange.Qcow2;

/// <summary>Files with an external data file.</summary>
public sealed class Qcow2DataFileTests : IDisposable
{
    private const int KiB = 1 << 10;
    private const int MiB = 1 << 20;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    [MemberData(nameof(Seeds.Take), 12, MemberType = typeof(Seeds))]
    public void QEMUs_files_are_read_and_mapped_as_QEMU_does(int seed)
    {
        Random random = new(seed);
        int clusterSize = (16 * KiB) << random.Next(6);
        int size = random.Pick(4 * MiB, (5 * MiB) + 512);
        bool isRaw = random.Next(3) == 0;
        bool isOverlay = !isRaw && random.Next(2) == 0;
        string options = $"data_file={At("data.bin")},cluster_size={clusterSize}{(isRaw ? ",data_file_raw=on" : "")}{random.Pick("", ",extended_l2=on")}";
        File.WriteAllBytes(At("base.raw"), DiskBytes.Random(seed, size - 100_864));
        Qemu.Img([
            "create", "-q", "-f", "qcow2", "-o", options, .. (string[])(isOverlay ? ["-b", "base.raw", "-F", "raw"] : []), At("b.qcow2"), $"{size}"]);
        Qemu.Io(At("b.qcow2"), "qcow2", [.. Qcow2SubclusterTests.CommandsFor(random, size, clusterSize, mayCompress: false)]);
        Qemu.Img("convert", "-f", "qcow2", "-O", "raw", At("b.qcow2"), At("theirs.raw"));
        (byte[] tables, byte[] data) = (File.ReadAllBytes(At("b.qcow2")), File.ReadAllBytes(At("data.bin")));

        Convert("b.qcow2");
        Assert.Equal(File.ReadAllBytes(At("theirs.raw")), File.ReadAllBytes(At("out.raw")));
        Assert.Equal(tables, File.ReadAllBytes(At("b.qcow2")));
        Assert.Equal(data, File.ReadAllBytes(At("data.bin")));
        if (isRaw)
        {
            Assert.Equal(data, File.ReadAllBytes(At("out.raw")));
        }

        File.Delete(At("data.bin"));
        File.WriteAllBytes(At("data.bin"), data);
        QemuMaps.AssertSame(_folder, "b.qcow2");
    }

    [Fact]
    public void The_name_is_relative_to_the_images_folder_and_the_map_names_the_file()
    {
        byte[] data = DiskBytes.Random(1, MiB);
        Qcow2Sketch sketch = Sketch("data/disk.bin");
        Directory.CreateDirectory(At("data"));
        File.WriteAllBytes(At("data/disk.bin"), data);
        Save(sketch);

        Convert("a.qcow2");
        byte[] expected = new byte[MiB];
        data.AsSpan(0, 8 * KiB).CopyTo(expected);
        data.AsSpan(16 * KiB, 4 * KiB).CopyTo(expected.AsSpan(16 * KiB));
        data.AsSpan(MiB - (4 * KiB)).CopyTo(expected.AsSpan(MiB - (4 * KiB)));
        Assert.Equal(expected, File.ReadAllBytes(At("out.raw")));
        ImageCreation.Run(At("over.qed"), new ImageCreationOptions { BackingFile = "a.qcow2" }, TestContext.Current.CancellationToken);
        QedExtent[] map = [.. ImageMapping.Run(
            At("over.qed"), new ImageMappingOptions { BackingChain = true, States = [QedExtentState.Data] }, TestContext.Current.CancellationToken)];
        Assert.Equal([(0, 0), (16 * KiB, 16 * KiB), (MiB - (4 * KiB), MiB - (4 * KiB))], map.Select(extent => (extent.Start, extent.FileOffset!.Value)));
        Assert.All(map, extent => Assert.Equal((At("data/disk.bin"), 1), (extent.Path, extent.Depth)));
    }

    [Fact]
    public void A_conversion_does_not_overwrite_the_data_file_of_its_source()
    {
        File.WriteAllBytes(At("data.raw"), new byte[MiB]);
        Save(Sketch("data.raw"));

        Assert.Contains("the source itself or a file that it is based on", Assert.Throws<QedRequestException>(() => DiskConversion.Run(
            At("a.qcow2"), At("data.raw"), new DiskConversionOptions { Replace = true }, cancellation: TestContext.Current.CancellationToken)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_data_file_is_an_error_that_names_it()
    {
        Save(Sketch("data.bin"));

        QedBackingFileNotFoundException error = Assert.Throws<QedBackingFileNotFoundException>(() => Convert("a.qcow2"));
        Assert.Equal(("data.bin", At("data.bin")), (error.BackingFile, error.ResolvedPath));
        Assert.False(File.Exists(At("out.raw")));
    }

    [Theory]
    [InlineData("nbd://server/disk")]
    [InlineData("json:{\"driver\":\"file\"}")]
    [InlineData("http://server/disk")]
    [InlineData("")]
    [InlineData("a\0b")]
    public void A_name_that_is_not_a_file_name_is_not_followed(string name)
    {
        Save(Sketch(name));

        Assert.Throws<QedBackingFileRefusedException>(() => Convert("a.qcow2"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(MiB - (4 * KiB))]
    [InlineData(MiB - 1)]
    public void A_data_file_that_is_too_short_is_an_error_that_names_it_when_it_is_read(int length)
    {
        File.WriteAllBytes(At("data.bin"), DiskBytes.Random(1, length));
        Save(Sketch("data.bin"));

        QedDamagedFileException error = Assert.Throws<QedDamagedFileException>(() => Convert("a.qcow2"));
        Assert.Equal((At("data.bin"), "the length of the data file"), (error.Path, error.Field));
        Assert.Contains(At("a.qcow2"), error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(At("out.raw")));
    }

    [Fact]
    public void A_data_file_that_is_truncated_while_it_is_read_is_an_error()
    {
        File.WriteAllBytes(At("data.bin"), DiskBytes.Random(1, MiB));
        Save(Sketch("data.bin"));
        using DiskStream stream = DiskOpening.Run(At("a.qcow2"), new DiskOpeningOptions(), cancellation: TestContext.Current.CancellationToken);
        stream.ReadExactly(new byte[100]);
        using (FileStream file = new(At("data.bin"), FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            file.SetLength(MiB / 2);
        }

        stream.Position = MiB - 512;
        Assert.Throws<QedFileChangedException>(() => stream.ReadExactly(new byte[100]));
    }

    [Fact]
    public void Entries_that_do_not_fit_a_data_file_are_damage()
    {
        byte[] packed = Qcow2DiskTests.Text(1, 4 * KiB);
        Dictionary<string, (Action<Qcow2Sketch> Harm, string Allowed)> harms = new()
        {
            ["a different offset"] = (sketch => sketch.SetEntry(0, 8192 | Qcow2Sketch.Copied), "0x0, because data in another file is at its offset on the disk"),
            ["compressed"] = (sketch => sketch.PutCompressed(0, packed), "not compressed"),
        };
        foreach ((string what, (Action<Qcow2Sketch> harm, string allowed)) in harms)
        {
            Qcow2Sketch sketch = Sketch("data.bin");
            harm(sketch);
            using Qcow2Layer layer = Qcow2Layer.Open(sketch.Storage);
            MemoryStorage data = new("data.bin");
            data.SetLength(MiB);
            layer.Attach([data]);
            QedDamagedFileException error = Assert.Throws<QedDamagedFileException>(() => DiskBytes.Read(layer.ToDisk(null), 0, 1));
            Assert.True(error.Allowed.Contains(allowed, StringComparison.Ordinal), $"{what}: {error.Message}");
        }
    }

    [Fact]
    public void A_name_without_the_feature_means_nothing()
    {
        Qcow2Sketch sketch = new(MiB);
        sketch.AddExtension(0x44415441, [1, 2, 3]);
        sketch.Put(0, [1, 2, 3]);

        Assert.Equal([1, 2, 3], DiskBytes.Read(Qcow2Layer.Open(sketch.Storage).ToDisk(null), 0, 3));
    }

    // Data is in the first two clusters, the fifth and the last.
    private static Qcow2Sketch Sketch(string name)
    {
        Qcow2Sketch sketch = new(MiB);
        sketch.NameDataFile(name);
        foreach (long cluster in new[] { 0L, 1, 4, 255 })
        {
            sketch.SetEntry(cluster, (ulong)(cluster * 4096) | Qcow2Sketch.Copied);
        }

        sketch.SetEntry(6, 1);
        return sketch;
    }

    private void Save(Qcow2Sketch sketch)
    {
        byte[] bytes = new byte[sketch.Storage.Length];
        sketch.Storage.Read(0, bytes);
        File.WriteAllBytes(At("a.qcow2"), bytes);
    }

    private void Convert(string from) => DiskConversion.Run(
        At(from), At("out.raw"), new DiskConversionOptions { Replace = true }, cancellation: TestContext.Current.CancellationToken);

    private string At(string name) => _folder.PathOf(name);
}
