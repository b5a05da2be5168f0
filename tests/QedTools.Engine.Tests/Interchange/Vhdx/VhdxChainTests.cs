using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using QedTools.Chains;
using QedTools.Disks;
using QedTools.Storage;
using QedTools.Tests.DataPlane;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interchange.Vhdx;

/// <summary>VHDX files as layers: differencing ones over their parents, and under QED overlays.</summary>
public sealed class VhdxChainTests : IDisposable
{
    private const int MiB = 1 << 20;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("relative_path", @".\parents\parent.vhdx")]
    [InlineData("relative_path", @"parents\parent.vhdx")]
    [InlineData("relative_path", @"..\{0}\parents\parent.vhdx")]
    [InlineData("absolute_win32_path", "{1}")]
    [InlineData("volume_path", "{1}")]
    public void A_differencing_file_is_read_over_its_parent(string key, string path)
    {
        Directory.CreateDirectory(At("parents"));
        VhdxSketch parent = MakeParent("parents/parent.vhdx");
        Dictionary<string, string> locator = LocatorOf(parent.DataWriteGuid);
        locator[key] = string.Format(
            System.Globalization.CultureInfo.InvariantCulture, path, Path.GetFileName(_folder.Path), At("parents/parent.vhdx"));
        MakeChild("child.avhdx", locator);

        Assert.Equal(Expected(), ReadAll("child.avhdx"));
        using BackingChain chain = Open("child.avhdx");
        Assert.Equal(["VHDX", "VHDX"], chain.Layers.Select(layer => layer.FormatName));
        DiskExtent[] extents = DiskBytes.Extents(chain.ToDisk());
        Assert.Equal([1, 0, 1, 0, 0], extents.Select(extent => extent.Depth));
    }

    [Fact]
    public void The_next_path_is_tried_if_the_parent_is_not_there()
    {
        VhdxSketch parent = MakeParent("parent.vhdx");
        Dictionary<string, string> locator = LocatorOf(parent.DataWriteGuid);
        locator["relative_path"] = @".\gone.vhdx";
        locator["volume_path"] = @"\\?\Volume{26A21BDA-A627-11D7-9931-806E6F6E6963}\parent.vhdx";
        locator["absolute_win32_path"] = At("parent.vhdx");
        MakeChild("child.vhdx", locator);

        Assert.Equal(Expected(), ReadAll("child.vhdx"));

        File.Delete(At("parent.vhdx"));
        QedBackingFileNotFoundException error = Assert.Throws<QedBackingFileNotFoundException>(() => ReadAll("child.vhdx"));
        Assert.Contains("gone.vhdx", error.BackingFile, StringComparison.Ordinal);
    }

    [Fact]
    public void A_parent_that_has_changed_since_is_refused()
    {
        VhdxSketch parent = MakeParent("parent.vhdx");
        Dictionary<string, string> locator = LocatorOf(Guid.NewGuid());
        locator["relative_path"] = @".\parent.vhdx";
        MakeChild("child.vhdx", locator);
        QedBackingFileRefusedException error = Assert.Throws<QedBackingFileRefusedException>(() => ReadAll("child.vhdx"));
        Assert.Equal(At("child.vhdx"), error.Path);
        Assert.Contains("is not, or is no longer, the disk", error.Message, StringComparison.Ordinal);

        // Either of the two identities is accepted.
        locator["parent_linkage2"] = $"{{{parent.DataWriteGuid}}}";
        MakeChild("other.vhdx", locator);
        Assert.Equal(Expected(), ReadAll("other.vhdx"));
    }

    [Fact]
    public void A_parent_of_another_format_is_refused()
    {
        Dictionary<string, string> locator = LocatorOf(Guid.NewGuid());
        locator["relative_path"] = @".\parent.raw";
        MakeChild("child.vhdx", locator);
        File.WriteAllBytes(At("parent.raw"), new byte[4 * MiB]);

        QedNotAnImageException error = Assert.Throws<QedNotAnImageException>(() => ReadAll("child.vhdx"));

        Assert.Equal(At("parent.raw"), error.Path);
        Assert.Contains("should be a VHDX file", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_its_own_parent_is_refused()
    {
        Dictionary<string, string> locator = LocatorOf(new VhdxSketch(MiB).DataWriteGuid);
        locator["relative_path"] = @".\child.vhdx";
        MakeChild("child.vhdx", locator);

        Assert.Throws<QedBackingChainException>(() => ReadAll("child.vhdx"));
    }

    [Fact]
    public void A_differencing_file_is_flattened_into_any_format()
    {
        VhdxSketch parent = MakeParent("parent.vhdx");
        Dictionary<string, string> locator = LocatorOf(parent.DataWriteGuid);
        locator["relative_path"] = @".\parent.vhdx";
        MakeChild("child.avhdx", locator);
        foreach (string target in new[] { "flat.vhdx", "flat.qed", "flat.raw" })
        {
            DiskConversion.Run(
                At("child.avhdx"), At(target), new DiskConversionOptions { Verify = true }, progress: null, TestContext.Current.CancellationToken);
            Assert.Equal(Expected(), ReadAll(target));
        }
    }

    // 4 MiB: 2 MiB of data and 2 MiB unallocated.
    private VhdxSketch MakeParent(string name)
    {
        VhdxSketch sketch = new(4 * MiB, path: name);
        sketch.Put(0, DiskBytes.Random(1, 2 * MiB).AsSpan(0, MiB));
        sketch.Put(1, DiskBytes.Random(1, 2 * MiB).AsSpan(MiB));
        TestImage.Save(sketch.Storage, At(name));
        return sketch;
    }

    // Stores the second half of the first block, and the third block.
    private void MakeChild(string name, Dictionary<string, string> locator)
    {
        VhdxSketch sketch = new(4 * MiB, parent: locator, path: name);
        sketch.Put(0, DiskBytes.Random(2, MiB), state: 7);
        sketch.PutBitmap(0, (1024, 1024));
        sketch.Put(2, DiskBytes.Random(3, MiB));
        TestImage.Save(sketch.Storage, At(name));
    }

    private static byte[] Expected()
    {
        byte[] parent = DiskBytes.Random(1, 2 * MiB);
        return [.. parent[..(MiB / 2)], .. DiskBytes.Random(2, MiB)[(MiB / 2)..], .. parent[MiB..], .. DiskBytes.Random(3, MiB), .. new byte[MiB]];
    }

    private static Dictionary<string, string> LocatorOf(Guid parent) => new() { ["parent_linkage"] = $"{{{parent}}}" };

    private byte[] ReadAll(string name)
    {
        using BackingChain chain = Open(name);
        return DiskBytes.Of(chain.ToDisk());
    }

    private BackingChain Open(string name) =>
        BackingChain.OpenAll(At(name), DiskFormats.OfExtension(name), new ChainPolicy(StorageAccess.Read, AllowUnc: false));

    private string At(string name) => _folder.PathOf(name);
}
