using System;
using System.IO;
using System.Linq;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Interchange;

/// <summary>Who may ask for compression, and when.</summary>
public sealed class CompressionChoiceTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public CompressionChoiceTests() => File.WriteAllBytes(At("a.raw"), DiskBytes.Random(1, 1 << 20));

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(QedDiskFormat.Raw)]
    [InlineData(QedDiskFormat.Qed)]
    [InlineData(QedDiskFormat.Vhdx)]
    [InlineData(QedDiskFormat.Vhd)]
    [InlineData(QedDiskFormat.Vdi)]
    public void A_format_without_compression_refuses_it(QedDiskFormat format)
    {
        DiskConversionOptions options = new() { Format = format, Compress = true };
        foreach (Action<string> attempt in Attempts(options))
        {
            QedRequestException error = Assert.Throws<QedRequestException>(() => attempt("b.img"));
            Assert.Equal(("Compress", QedCompressionType.Deflate), (error.Parameter, error.Value));
        }

        Assert.Equal(["a.raw"], Directory.GetFiles(_folder.Path).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("b.qcow2")]
    [InlineData("b.vmdk")]
    [InlineData("b.raw")]
    public void A_way_of_compression_without_compression_is_an_error(string name)
    {
        foreach (Action<string> attempt in Attempts(new DiskConversionOptions { CompressionType = QedCompressionType.Zstd }))
        {
            QedRequestException error = Assert.Throws<QedRequestException>(() => attempt(name));
            Assert.Equal(("CompressionType", QedCompressionType.Zstd, QedRemedy.CompressDisk), (error.Parameter, error.Value, error.Remedy));
        }

        Assert.Equal(["a.raw"], Directory.GetFiles(_folder.Path).Select(Path.GetFileName));
    }

    private Action<string>[] Attempts(DiskConversionOptions options) =>
    [
        name => DiskConversion.Plan(At("a.raw"), At(name), options, TestContext.Current.CancellationToken),
        name => DiskConversion.Run(At("a.raw"), At(name), options, progress: null, TestContext.Current.CancellationToken),
    ];

    private string At(string name) => _folder.PathOf(name);
}
