using System.IO;
using System.Linq;
using System.Text.Json;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interop;

/// <summary>The values reported for an image are those of qemu-img info.</summary>
public sealed class QemuInfoTests
{
    /// <summary>All valid images and overlays except the one with tables of one cluster, which QEMU refuses.</summary>
    public static TheoryData<string> Images { get; } = new(
        from folder in new[] { "images", "chains" }
        from path in Directory.EnumerateFiles(Fixture.PathOf(folder), "*.qed")
        let name = folder + "/" + Path.GetFileName(path)
        where name != "images/table-1.qed"
        orderby name
        select name);

    [Theory(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    [MemberData(nameof(Images))]
    public void The_values_are_those_that_QEMU_reports(string name)
    {
        string path = Fixture.PathOf(name);
        using JsonDocument document = JsonDocument.Parse(Qemu.Img("info", "-U", "-f", "qed", "--output=json", path));
        JsonElement qemu = document.RootElement;

        QedImageInfo info = ImageInspection.Run(path, new ImageInspectionOptions());

        Assert.Equal(qemu.GetProperty("virtual-size").GetInt64(), info.VirtualSize);
        Assert.Equal(qemu.GetProperty("cluster-size").GetInt32(), info.ClusterSize);
        Assert.Equal(qemu.GetProperty("actual-size").GetInt64(), info.DiskUsage);
        Assert.Equal(qemu.GetProperty("dirty-flag").GetBoolean(), info.NeedsCheck);
        Assert.Equal(TextOf(qemu, "backing-filename"), info.BackingFile);
        Assert.Equal(TextOf(qemu, "backing-filename-format") == "raw", info.BackingFormat == QedBackingFormat.Raw);
        if (info.BackingFilePath is { } resolved)
        {
            Assert.Equal(Path.GetFullPath(TextOf(qemu, "full-backing-filename")!), resolved);
        }
    }

    [Theory(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    [InlineData("chains/three-top.qed")]
    [InlineData("chains/over-raw.qed")]
    [InlineData("chains/over-raw-probed.qed")]
    [InlineData("chains/over-disguised.qed")]
    [InlineData("chains/over-other-folder.qed")]
    [InlineData("chains/over-name-cluster-2.qed")]
    [InlineData("chains/Überlagerung 重ね.qed")]
    public void The_layers_are_those_that_QEMU_reports(string name)
    {
        string path = Fixture.PathOf(name);
        using JsonDocument document = JsonDocument.Parse(Qemu.Img("info", "-U", "--backing-chain", "--output=json", path));

        Assert.Equal(
            document.RootElement.EnumerateArray().Select(layer => (
                Path.GetFullPath(TextOf(layer, "filename")!),
                TextOf(layer, "format")!,
                layer.GetProperty("virtual-size").GetInt64())),
            ImageInspection.RunOverChain(path, new ImageInspectionOptions()).Select(layer => (
                layer.Path, layer.Format == "QED" ? "qed" : "raw", layer.VirtualSize)));
    }

    private static string? TextOf(JsonElement element, string property) =>
        element.TryGetProperty(property, out JsonElement value) ? value.GetString() : null;
}
