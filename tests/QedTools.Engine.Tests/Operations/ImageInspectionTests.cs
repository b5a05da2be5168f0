using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using QedTools.Storage;
using QedTools.Tests.Storage;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Operations;

public sealed class ImageInspectionTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("images/empty-default.qed", 65536, 4, 1, 1, 1073741824, 5)]
    [InlineData("images/size-zero.qed", 4096, 2, 1, 1, 0, 3)]
    [InlineData("images/size-at-limit.qed", 4096, 2, 1, 1, 4294967296, 6)]
    [InlineData("images/data-zero-hole.qed", 4096, 2, 1, 1, 6291456, 11)]
    [InlineData("images/table-16.qed", 4096, 16, 1, 1, 104857600, 52)]
    [InlineData("images/scattered-default.qed", 65536, 4, 1, 1, 3221225472, 17)]
    [InlineData("images/clusters-1m.qed", 1048576, 2, 1, 1, 1099511627776, 3)]
    [InlineData("images/table-1.qed", 4096, 1, 1, 1, 3145728, 8)]
    [InlineData("images/header-2.qed", 4096, 2, 2, 2, 8388608, 11)]
    [InlineData("images/l1-at-end.qed", 4096, 2, 1, 4, 1048576, 6)]
    [InlineData("images/size-unaligned.qed", 4096, 2, 1, 1, 1050112, 7)]
    [InlineData("images/base-8k.qed", 8192, 2, 1, 1, 50331648, 17)]
    public void The_values_are_those_of_the_header(
        string fixture, int clusterSize, int tableSize, int headerSize, int l1Cluster, long virtualSize, int fileClusters)
    {
        QedImageInfo info = ImageInspection.Run(Fixture.PathOf(fixture), new ImageInspectionOptions());

        Assert.Equal(Fixture.PathOf(fixture), info.Path);
        Assert.Equal("QED", info.Format);
        Assert.Equal(clusterSize, info.ClusterSize);
        Assert.Equal(tableSize, info.TableSize);
        Assert.Equal(headerSize, info.HeaderSize);
        Assert.Equal((long)l1Cluster * clusterSize, info.L1TableOffset);
        Assert.Equal(virtualSize, info.VirtualSize);
        Assert.Equal((long)fileClusters * clusterSize, info.FileSize);
        Assert.Equal(QedFeatures.None, info.Features);
        Assert.Equal(0UL, info.CompatFeatures);
        Assert.Equal(0UL, info.AutoclearFeatures);
        Assert.Equal((long)tableSize * clusterSize / 8 * tableSize * clusterSize / 8 * clusterSize, info.MaxVirtualSize);
        Assert.False(info.NeedsCheck);
        Assert.False(info.InUse);
        Assert.Equal(0, info.Depth);
        Assert.Null(info.BackingFile);
        Assert.Null(info.BackingFormat);
        Assert.Null(info.BackingFilePath);
    }

    [Theory]
    [InlineData("vmdk", "subformat=monolithicFlat")]
    [InlineData("vmdk", "subformat=twoGbMaxExtentFlat")]
    [InlineData("vmdk", "subformat=twoGbMaxExtentSparse")]
    [InlineData("qcow2", "data_file=disk.data,data_file_raw=on")]
    public void The_size_of_a_disk_in_several_files_is_that_of_all_of_them(string format, string options)
    {
        Assert.SkipUnless(Qemu.IsInstalled && Qemu.IsOnPath("stat"), Qemu.SkipReason);
        string path = _folder.PathOf("disk." + format);
        Qemu.Img("create", "-q", "-f", format, "-o", options.Replace("disk.data", _folder.PathOf("disk.data"), StringComparison.Ordinal), path, "5G");
        Qemu.Io(path, format, "write -q -P 7 3G 300k");

        string[] files = Directory.GetFiles(_folder.Path);
        Assert.True(files.Length > 1, "it is one file");

        // What a file takes can change once more when it is written back.
        Assert.Equal(0, Qemu.Run("sync", "-f", _folder.Path).Code);
        (long length, long allocated) = (0, 0);
        foreach (string file in files)
        {
            string[] facts = Qemu.Run("stat", "-c", "%s %b %B", file).Output.Trim().Split(' ');
            length += long.Parse(facts[0], CultureInfo.InvariantCulture);
            allocated += long.Parse(facts[1], CultureInfo.InvariantCulture) * long.Parse(facts[2], CultureInfo.InvariantCulture);
        }

        QedImageInfo info = ImageInspection.Run(path, new ImageInspectionOptions());
        Assert.Equal((length, allocated), (info.FileSize, info.DiskUsage));
        info = Assert.Single(ImageInspection.RunOverChain(path, new ImageInspectionOptions()));
        Assert.Equal((length, allocated), (info.FileSize, info.DiskUsage));
        info = OverlayInspection.Run(_folder.Path, new OverlayInspectionOptions(), cancellation: TestContext.Current.CancellationToken).Single(one => one.Path == path);
        Assert.Equal((length, allocated), (info.FileSize, info.DiskUsage));

        // A file that is missing, or that the image may not name, is left out.
        string other = files.First(file => file != path);
        using TempFolder elsewhere = new();
        info = ImageInspection.Run(path, new ImageInspectionOptions { BackingFolders = [elsewhere.Path] });
        Assert.Equal(new FileInfo(path).Length, info.FileSize);
        length -= new FileInfo(other).Length;
        File.Delete(other);
        Assert.Equal(length, ImageInspection.Run(path, new ImageInspectionOptions()).FileSize);
    }

    [Theory]
    [InlineData("chains/over-raw.qed", "base.raw", QedBackingFormat.Raw, "chains/base.raw")]
    [InlineData("chains/over-raw-probed.qed", "base.raw", QedBackingFormat.Probe, "chains/base.raw")]
    [InlineData("chains/over-other-folder.qed", "../images/base-4k.qed", QedBackingFormat.Probe, "images/base-4k.qed")]
    [InlineData("chains/over-name-cluster-2.qed", "base.raw", QedBackingFormat.Raw, "chains/base.raw")]
    [InlineData("chains/Überlagerung 重ね.qed", "Basis mit Größe 基底.raw", QedBackingFormat.Raw, "chains/Basis mit Größe 基底.raw")]
    [InlineData("chains/name-missing.qed", "missing.qed", QedBackingFormat.Probe, "chains/missing.qed")]
    [InlineData("chains/name-colon.qed", "./not:a-protocol.qed", QedBackingFormat.Probe, "chains/not:a-protocol.qed")]
    [InlineData("chains/cycle-self.qed", "cycle-self.qed", QedBackingFormat.Probe, "chains/cycle-self.qed")]
    [InlineData("chains/name-nbd.qed", "nbd:localhost:10809", QedBackingFormat.Probe, null)]
    [InlineData("chains/name-https.qed", "https://images.example/base.qed", QedBackingFormat.Probe, null)]
    [InlineData("chains/name-file-protocol.qed", "file:base.qed", QedBackingFormat.Probe, null)]
    [InlineData("headers/backing-nul.qed", "base\0.raw", QedBackingFormat.Probe, null)]
    public void The_backing_name_is_reported_as_stored_and_as_resolved(
        string fixture, string name, QedBackingFormat format, string? leadsTo)
    {
        QedImageInfo info = ImageInspection.Run(Fixture.PathOf(fixture), new ImageInspectionOptions());

        Assert.Equal(name, info.BackingFile);
        Assert.Equal(format, info.BackingFormat);
        Assert.Equal(leadsTo is null ? null : Fixture.PathOf(leadsTo), info.BackingFilePath);
    }

    [Fact]
    public void A_name_that_is_not_valid_text_is_shown_as_such_and_not_as_another_name()
    {
        string? name = ImageInspection.Run(Fixture.PathOf("headers/backing-invalid-utf8.qed"), new ImageInspectionOptions()).BackingFile;

        Assert.NotNull(name);
        Assert.StartsWith("base", name, StringComparison.Ordinal);
        Assert.EndsWith(".raw", name, StringComparison.Ordinal);
        Assert.Contains('\uFFFD', name);
    }

    [Theory]
    [InlineData("backing-size-0.qed")]
    [InlineData("backing-without-bit.qed")]
    [InlineData("raw-bit-alone.qed")]
    public void Without_the_bit_or_a_name_there_is_no_backing_file(string name)
    {
        QedImageInfo info = Assert.Single(ImageInspection.RunOverChain(Fixture.PathOf("headers/" + name), new ImageInspectionOptions()));

        Assert.Null(info.BackingFile);
        Assert.Null(info.BackingFormat);
    }

    [Theory]
    [InlineData("damaged/dirty-clean.qed", true)]
    [InlineData("damaged/dirty-leaks.qed", true)]
    [InlineData("damaged/dirty-corrupt.qed", true)]
    [InlineData("damaged/several.qed", true)]
    [InlineData("damaged/l2-past-end.qed", false)]
    [InlineData("damaged/leak-at-end.qed", false)]
    public void A_dirty_image_is_reported_as_dirty_and_left_that_way(string fixture, bool isDirty)
    {
        string image = Fixture.CopyTo(_folder, fixture);
        var mark = ImageFiles.Mark(image);

        Assert.Equal(isDirty, ImageInspection.Run(image, new ImageInspectionOptions()).NeedsCheck);
        Assert.Single(ImageInspection.RunOverChain(image, new ImageInspectionOptions()));

        Assert.Equal(mark, ImageFiles.State(image));
    }

    [Fact]
    public void Unknown_features_that_forbid_nothing_are_reported_and_kept()
    {
        string image = Fixture.CopyTo(_folder, "headers/autoclear-unknown.qed");
        var mark = ImageFiles.Mark(image);

        Assert.Equal(0x8000000000000001UL, ImageInspection.Run(image, new ImageInspectionOptions()).AutoclearFeatures);
        Assert.Equal(mark, ImageFiles.State(image));
        Assert.Equal(1UL, ImageInspection.Run(Fixture.PathOf("headers/compat-unknown.qed"), new ImageInspectionOptions()).CompatFeatures);
    }

    [Theory]
    [InlineData(nameof(StorageAccess.Write), true)]
    [InlineData(nameof(StorageAccess.Read), true)]
    [InlineData(nameof(StorageAccess.Inspect), false)]
    public void An_image_that_others_use_is_read_anyway_and_reported_as_in_use(string access, bool isInUse)
    {
        string image = ImageFiles.Make(_folder.PathOf("image.qed"));
        using (FileStorage.Open(image, Enum.Parse<StorageAccess>(access)))
        {
            Assert.Equal(isInUse, ImageInspection.Run(image, new ImageInspectionOptions()).InUse);
        }

        Assert.False(ImageInspection.Run(image, new ImageInspectionOptions()).InUse);
    }

    [Fact]
    public void The_layers_come_from_the_top_down_with_their_depth()
    {
        QedImageInfo[] layers = [.. ImageInspection.RunOverChain(Fixture.PathOf("chains/three-top.qed"), new ImageInspectionOptions())];

        Assert.Equal(
            [("three-top.qed", 0), ("three-middle.qed", 1), ("base.qed", 2)],
            layers.Select(layer => (Path.GetFileName(layer.Path), layer.Depth)));
        Assert.Equal(ImageInspection.Run(Fixture.PathOf("chains/three-top.qed"), new ImageInspectionOptions()), layers[0]);
        Assert.Equal(ImageInspection.Run(Fixture.PathOf("chains/base.qed"), new ImageInspectionOptions()) with { Depth = 2 }, layers[2]);
    }

    [Fact]
    public void A_raw_layer_has_only_the_values_that_any_file_has()
    {
        QedImageInfo raw = ImageInspection.RunOverChain(Fixture.PathOf("chains/over-shorter.qed"), new ImageInspectionOptions()).Last();

        Assert.Equal(("Raw", 10000, 10000, 1), (raw.Format, raw.VirtualSize, raw.FileSize, raw.Depth));
        Assert.Null(raw.ClusterSize);
        Assert.Null(raw.TableSize);
        Assert.Null(raw.HeaderSize);
        Assert.Null(raw.Features);
        Assert.Null(raw.CompatFeatures);
        Assert.Null(raw.AutoclearFeatures);
        Assert.Null(raw.L1TableOffset);
        Assert.Null(raw.MaxVirtualSize);
        Assert.Null(raw.BackingFile);
        Assert.False(raw.NeedsCheck);
    }

    [Theory]
    [InlineData("chains/name-missing.qed", 1, typeof(QedBackingFileNotFoundException))]
    [InlineData("chains/cycle-a.qed", 2, typeof(QedBackingChainException))]
    [InlineData("chains/cycle-self.qed", 1, typeof(QedBackingChainException))]
    [InlineData("chains/name-json.qed", 1, typeof(QedBackingFileRefusedException))]
    [InlineData("chains/over-disguised-probed.qed", 2, typeof(QedBackingFileNotFoundException))]
    public void The_layers_above_a_broken_one_are_returned_before_the_error(string fixture, int layers, Type error)
    {
        List<QedImageInfo> seen = [];

        Exception thrown = Assert.ThrowsAny<QedException>(() =>
        {
            foreach (QedImageInfo layer in ImageInspection.RunOverChain(Fixture.PathOf(fixture), new ImageInspectionOptions()))
            {
                seen.Add(layer);
            }
        });

        Assert.Equal(error, thrown.GetType());
        Assert.Equal(Enumerable.Range(0, layers), seen.Select(layer => layer.Depth));
    }

    [Theory]
    [InlineData("headers/magic-swapped.qed")]
    [InlineData("headers/cut-0.qed")]
    public void A_file_that_is_not_a_QED_image_is_refused_as_such(string fixture) =>
        Assert.Throws<QedNotAnImageException>(() => ImageInspection.Run(Fixture.PathOf(fixture), new ImageInspectionOptions()));

    [Fact]
    public void A_relative_path_is_reported_in_full()
    {
        string path = Path.GetRelativePath(Environment.CurrentDirectory, Fixture.PathOf("images/table-1.qed"));

        Assert.Equal(Fixture.PathOf("images/table-1.qed"), ImageInspection.Run(path, new ImageInspectionOptions()).Path);
    }

    [Fact]
    public void Disk_usage_is_what_the_host_has_allocated()
    {
        string image = _folder.PathOf("image.qed");
        ImageCreation.Run(image, new() { SizeBytes = 1 << 30, ClusterSize = 1 << 20 }, TestContext.Current.CancellationToken);

        QedImageInfo info = ImageInspection.Run(image, new ImageInspectionOptions());

        Assert.Equal(5 << 20, info.FileSize);
        Assert.InRange(info.DiskUsage, 1, 1 << 20);
    }

    [Fact(Skip = Host.NotLinux, SkipUnless = nameof(Host.IsLinux), SkipType = typeof(Host))]
    public void An_image_that_the_user_may_only_read_can_be_inspected()
    {
        string image = ImageFiles.Make(_folder.PathOf("image.qed"));
        Host.Run("chmod", "444", image);

        Host.AsUnprivilegedUser(() => Assert.Equal(1 << 20, ImageInspection.Run(image, new ImageInspectionOptions()).VirtualSize));
    }

    [Fact]
    public void Bytes_after_the_name_in_the_header_are_not_part_of_it()
    {
        string image = ImageFiles.Make(_folder.PathOf("image.qed"), "base.raw", isRaw: true);
        using (FileStorage storage = FileStorage.Open(image, StorageAccess.Write))
        {
            storage.Write(64 + "base.raw".Length, Encoding.UTF8.GetBytes("-and-more"));
        }

        Assert.Equal("base.raw", ImageInspection.Run(image, new ImageInspectionOptions()).BackingFile);
    }
}
