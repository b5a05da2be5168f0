using System;
using System.IO;
using QedTools.Storage;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Operations;

/// <summary>Results without holes.</summary>
public sealed class FullAllocationTests : IDisposable
{
    private const int MiB = 1 << 20;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("result.raw", "result.raw", false)]
    [InlineData("result.vhdx", "result.vhdx", false)]
    [InlineData("result.vhd", "result.vhd", false)]
    [InlineData("result.vdi", "result.vdi", false)]
    [InlineData("result.vmdk", "result-flat.vmdk", false)]
    [InlineData("result.raw", "result.raw", true)]
    [InlineData("result.vhdx", "result.vhdx", true)]
    [InlineData("result.vmdk", "result-flat.vmdk", true)]
    public void All_room_of_the_file_is_taken(string name, string dataName, bool writesZeroes)
    {
        byte[] bytes = new byte[(20 * MiB) + 512];
        DiskBytes.Random(1, MiB).CopyTo(bytes, 5 * MiB);
        File.WriteAllBytes(At("source.raw"), bytes);
        try
        {
            // A storage around the file's own knows no way to ask the host for room.
            HostFiles.Interceptor.Value = writesZeroes ? inner => new Plain(inner) : null;
            Convert(name, new DiskConversionOptions { IsFixed = true, FullyAllocated = true, Verify = true });
        }
        finally
        {
            HostFiles.Interceptor.Value = null;
        }

        Assert.Equal(bytes, DiskBytes.OfFile(At(name)));
        using IStorage file = HostFiles.Open(At(dataName), StorageAccess.Inspect);
        Assert.InRange(file.AllocatedBytes, file.Length, long.MaxValue);
    }

    [Theory]
    [InlineData("result.qed")]
    [InlineData("result.vhdx")]
    [InlineData("result.qcow2")]
    public void A_file_that_grows_cannot_have_all_its_room(string name)
    {
        File.WriteAllBytes(At("source.raw"), new byte[MiB]);
        QedRequestException error = Assert.Throws<QedRequestException>(() => Convert(name, new DiskConversionOptions { FullyAllocated = true }));
        Assert.Equal("FullyAllocated", error.Parameter);
        Assert.Equal([At("source.raw")], Directory.GetFiles(_folder.Path));
    }

    private void Convert(string name, DiskConversionOptions options) =>
        DiskConversion.Run(At("source.raw"), At(name), options, progress: null, TestContext.Current.CancellationToken);

    private string At(string name) => _folder.PathOf(name);

    private sealed class Plain(IStorage inner) : ForwardingStorage(inner)
    {
        protected override bool ClosesInner => true;
    }
}
