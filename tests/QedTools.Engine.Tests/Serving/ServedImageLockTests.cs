using System;
using System.Threading;
using QedTools.Tests.Reliability;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Serving;

/// <summary>An image that another process serves is in use: nobody writes to it, and nobody reads it while clients may write.</summary>
public sealed class ServedImageLockTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly string _image;

    public ServedImageLockTests()
    {
        _image = _folder.PathOf("top.qed");
        ImageCreation.Run(_image, new ImageCreationOptions { SizeBytes = 1 << 20 }, Token);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("write")]
    [InlineData("read")]
    [InlineData("temporary")]
    public void A_served_image_is_in_use_until_the_server_ends(string access)
    {
        bool canRead = access != "write";
        using HelperProcess server = new("serve", _image, access);
        Assert.StartsWith("nbd://", server.ReadLine(), StringComparison.Ordinal);

        Assert.True(ImageInspection.Run(_image, new ImageInspectionOptions()).InUse);
        Assert.Throws<QedImageInUseException>(() => Write());
        Assert.Throws<QedImageInUseException>(() => Serve(writable: true));
        Assert.Throws<QedImageInUseException>(() => ImageRepair.Run(_image, new ImageRepairOptions(), cancellation: Token));
        Require(canRead, () => DiskBytes.OfFile(_image));
        Require(canRead, () => Serve(writable: false));

        server.Finish();
        Assert.Equal(0, server.ExitCode);
        Assert.False(ImageInspection.Run(_image, new ImageInspectionOptions()).InUse);
        Write();
    }

    [Theory(Skip = Qemu.SkipReason, SkipUnless = nameof(Qemu.IsInstalled), SkipType = typeof(Qemu))]
    [InlineData("write")]
    [InlineData("read")]
    [InlineData("temporary")]
    public void QEMU_respects_the_lock_of_a_server(string access)
    {
        using HelperProcess server = new("serve", _image, access);
        Assert.StartsWith("nbd://", server.ReadLine(), StringComparison.Ordinal);

        (int code, string output, string errors) = Qemu.Run("qemu-io", "-f", "qed", "-c", "write 0 4k", _image);
        Assert.NotEqual(0, code);
        Assert.Contains("lock", output + errors, StringComparison.Ordinal);
        (code, _, errors) = Qemu.Run("qemu-img", "info", _image);
        Assert.Equal(access != "write", code == 0);
        Assert.Equal(access == "write", errors.Contains("lock", StringComparison.Ordinal));

        server.Finish();
        Qemu.Io(_image, "qed", "write 0 4k");
    }

    private static void Require(bool works, Action action)
    {
        if (works)
        {
            action();
        }
        else
        {
            Assert.Throws<QedImageInUseException>(action);
        }
    }

    private void Write() => DiskOpening.Run(_image, new DiskOpeningOptions { Writable = true }, cancellation: Token).Dispose();

    private void Serve(bool writable) => DiskServing.Start(_image, new DiskServingOptions { Writable = writable, Port = 0 }, cancellation: Token).Dispose();
}
