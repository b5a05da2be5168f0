using System;
using System.Globalization;
using System.IO;
using System.Text.Json;
using QedTools.Tests.DataPlane;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interchange;

/// <summary>Every format that is read and written, in both directions with qemu-img, at sizes that test the block arithmetic.</summary>
public sealed class QemuFormatTests : IDisposable
{
    private readonly TempFolder _folder = new();

    /// <summary>qemu-img's name of the format and its options, the extension, whether the file is fixed, and the block size.</summary>
    public static TheoryData<string, string?, string, bool, long?, int> Cases
    {
        get
        {
            TheoryData<string, string?, string, bool, long?, int> cases = [];
            int[] sizes = [512, 4096, (2 << 20) - 512, 2 << 20, (2 << 20) + 512, (5 << 20) + 1536];
            foreach (int size in sizes)
            {
                cases.Add("vpc", "force_size=on", ".vhd", false, null, size);
                cases.Add("vpc", "subformat=fixed,force_size=on", ".vhd", true, null, size);
                cases.Add("vpc", "force_size=on", ".vhd", false, 512 << 10, size);
                cases.Add("vdi", null, ".vdi", false, null, size);
                cases.Add("vdi", "static=on", ".vdi", true, null, size);
                cases.Add("vmdk", null, ".vmdk", false, null, size);
            }

            return cases;
        }
    }

    [Theory(SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu), Skip = Qemu.SkipReason)]
    [MemberData(nameof(Cases))]
    public void QedTools_reads_what_qemu_img_writes(string format, string? options, string extension, bool isFixed, long? blockSize, int size)
    {
        Assert.True(isFixed || blockSize is not 0);
        byte[] content = Scattered(size);
        string file = _folder.PathOf("theirs" + extension);
        Qemu.Img(options is null
            ? ["convert", "-f", "raw", "-O", format, Raw, file]
            : ["convert", "-f", "raw", "-O", format, "-o", options, Raw, file]);

        byte[] read = ReadThroughConversion(file);

        Assert.Equal(content, read);
        Assert.True(DiskComparison.Run(file, Raw, new DiskComparisonOptions { Strict = true }, cancellation: TestContext.Current.CancellationToken).AreEqual);
    }

    [Theory(SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu), Skip = Qemu.SkipReason)]
    [MemberData(nameof(Cases))]
    public void Qemu_img_reads_what_QedTools_writes(string format, string? options, string extension, bool isFixed, long? blockSize, int size)
    {
        Assert.NotEqual(string.Empty, options);
        byte[] content = Scattered(size);
        string file = _folder.PathOf("ours" + extension);
        DiskConversion.Run(
            Raw, file, new DiskConversionOptions { IsFixed = isFixed, BlockSize = blockSize, Verify = true }, cancellation: TestContext.Current.CancellationToken);

        Assert.Contains("identical", Qemu.Img("compare", "-f", "raw", "-F", format, Raw, file), StringComparison.Ordinal);
        using JsonDocument info = JsonDocument.Parse(Qemu.Img("info", "-f", format, "--output=json", file));
        Assert.Equal(format, info.RootElement.GetProperty("format").GetString());
        Assert.Equal(size, info.RootElement.GetProperty("virtual-size").GetInt64());
        Assert.Equal(content, ReadThroughConversion(file));
    }

    public void Dispose() => _folder.Dispose();

    private string Raw => _folder.PathOf("disk.raw");

    private byte[] Scattered(int size) => RawFiles.Scattered(Raw, size, Seeds.One, pieces: 1 + (size / 200_000));

    private byte[] ReadThroughConversion(string file)
    {
        string copy = _folder.PathOf(string.Create(CultureInfo.InvariantCulture, $"{Guid.NewGuid():N}.raw"));
        DiskConversion.Run(file, copy, new DiskConversionOptions(), cancellation: TestContext.Current.CancellationToken);
        return File.ReadAllBytes(copy);
    }
}
