using System;
using System.IO;
using System.Linq;
using QedTools.Tests.DataPlane;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interchange.Qcow2;

/// <summary>qcow2 files as layers: over files of every format, and under QED overlays.</summary>
public sealed class Qcow2ChainTests : IDisposable
{
    private const int MiB = 1 << 20;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("base.raw", "raw", "Raw")]
    [InlineData("base.qed", "qed", "QED")]
    [InlineData("base.vhdx", "vhdx", "VHDX")]
    [InlineData("base.vhd", "vpc", "VHD")]
    [InlineData("base.qcow2", "qcow2", "qcow2")]
    [InlineData("base.vdi", "vdi", "VDI")]
    [InlineData("base.vmdk", "vmdk", "VMDK")]
    public void An_overlay_is_read_over_a_file_of_any_format(string name, string format, string shown)
    {
        byte[] content = RawFiles.Scattered(At("content.raw"), 4 * MiB, seed: 1, pieces: 40);
        Convert("content.raw", name, new DiskConversionOptions());
        Qcow2Sketch sketch = new(5 * MiB, path: "over.qcow2");
        sketch.NameBacking(name, format);
        sketch.Put(3, DiskBytes.Random(3, 4096));
        sketch.PutCompressed(7, Qcow2DiskTests.Text(7, 4096));
        sketch.SetEntry(20, 1);
        TestImage.Save(sketch.Storage, At("over.qcow2"));
        byte[] expected = [.. content, .. new byte[MiB]];
        DiskBytes.Random(3, 4096).CopyTo(expected, 3 * 4096);
        Qcow2DiskTests.Text(7, 4096).CopyTo(expected, 7 * 4096);
        expected.AsSpan(20 * 4096, 4096).Clear();

        Assert.Equal(expected, DiskBytes.OfFile(At("over.qcow2")));
        ImageCreation.Run(At("top.qed"), new ImageCreationOptions { BackingFile = "over.qcow2" }, TestContext.Current.CancellationToken);
        QedImageInfo[] infos = [.. ImageInspection.RunOverChain(At("top.qed"), new ImageInspectionOptions())];
        Assert.Equal(["QED", "qcow2", shown], infos.Select(info => info.Format));
        Assert.Equal(shown == "Raw" ? QedBackingFormat.Raw : QedBackingFormat.Probe, infos[1].BackingFormat);
        Assert.Equal(expected, DiskBytes.OfFile(At("top.qed")));
        foreach (string target in new[] { "flat.qed", "flat.qcow2", "flat.vhdx" })
        {
            Convert("over.qcow2", target, new DiskConversionOptions { Verify = true });
            Assert.Equal(expected, DiskBytes.OfFile(At(target)));
        }
    }

    [Fact]
    public void A_backing_file_recorded_as_raw_is_never_probed()
    {
        File.Copy(Fixture.PathOf("chains/base.qed"), At("guest.img"));
        Qcow2Sketch sketch = new(MiB, path: "over.qcow2");
        sketch.NameBacking("guest.img", "raw");
        TestImage.Save(sketch.Storage, At("over.qcow2"));

        byte[] file = File.ReadAllBytes(At("guest.img"));
        Assert.Equal(file, DiskBytes.OfFile(At("over.qcow2"))[..file.Length]);
    }

    [Theory]
    [InlineData("nbd:localhost:10809")]
    [InlineData("json:{\"driver\":\"file\"}")]
    [InlineData("http://localhost/base.raw")]
    public void A_name_that_is_not_followed_for_QED_is_not_followed_here(string name)
    {
        Qcow2Sketch sketch = new(MiB, path: "over.qcow2");
        sketch.NameBacking(name);
        TestImage.Save(sketch.Storage, At("over.qcow2"));

        Assert.Equal(name, Assert.Throws<QedBackingFileRefusedException>(() => DiskBytes.OfFile(At("over.qcow2"))).BackingFile);
    }

    [Fact]
    public void A_file_that_is_its_own_backing_file_is_refused()
    {
        Qcow2Sketch sketch = new(MiB, path: "over.qcow2");
        sketch.NameBacking("over.qcow2", "qcow2");
        TestImage.Save(sketch.Storage, At("over.qcow2"));

        Assert.Throws<QedBackingChainException>(() => DiskBytes.OfFile(At("over.qcow2")));
    }

    [Fact]
    public void The_offset_of_compressed_data_is_not_reported()
    {
        Qcow2Sketch sketch = new(MiB, path: "base.qcow2");
        sketch.PutCompressed(0, Qcow2DiskTests.Text(0, 4096));
        sketch.PutCompressed(1, Qcow2DiskTests.Text(1, 4096));
        long place = sketch.Put(2, DiskBytes.Random(2, 4096));
        TestImage.Save(sketch.Storage, At("base.qcow2"));
        ImageCreation.Run(At("over.qed"), new ImageCreationOptions { BackingFile = "base.qcow2" }, TestContext.Current.CancellationToken);

        QedExtent[] extents = [.. ImageMapping.Run(At("over.qed"), new ImageMappingOptions { BackingChain = true }, TestContext.Current.CancellationToken)];

        Assert.Equal(
            [(0L, 8192L, QedExtentState.Data, (long?)null), (8192, 4096, QedExtentState.Data, place), (12288, MiB - 12288, QedExtentState.Unallocated, null)],
            extents.Select(extent => (extent.Start, extent.Length, extent.State, extent.FileOffset)));
    }

    [Fact]
    public void An_overlay_stores_only_what_differs()
    {
        byte[] content = RawFiles.Scattered(At("base.raw"), 20 * MiB, seed: 1, pieces: 200);
        Convert("base.raw", "base.qcow2", new DiskConversionOptions());
        File.Copy(At("base.raw"), At("top.raw"));
        using (FileStream file = File.OpenWrite(At("top.raw")))
        {
            file.Position = 5 * MiB;
            file.Write(new byte[4 * MiB]);
            file.Position = 12 * MiB;
            file.Write([1, 2, 3]);
        }

        content.AsSpan(5 * MiB, 4 * MiB).Clear();
        new byte[] { 1, 2, 3 }.CopyTo(content, 12 * MiB);
        QedImageInfo info = Convert("top.raw", "top.qcow2", new DiskConversionOptions { BackingFile = "base.qcow2", Verify = true });

        // Header, L1 table, L2 table, one data cluster, two clusters of refcounts.
        Assert.Equal((4 + 2) * 65536, info.FileSize);
        Assert.Equal(("base.qcow2", QedBackingFormat.Probe, At("base.qcow2")), (info.BackingFile, info.BackingFormat, info.BackingFilePath));
        Assert.Equal(content, DiskBytes.OfFile(At("top.qcow2")));
    }

    private QedImageInfo Convert(string from, string to, DiskConversionOptions options) =>
        DiskConversion.Run(At(from), At(to), options, progress: null, TestContext.Current.CancellationToken);

    private string At(string name) => _folder.PathOf(name);
}
