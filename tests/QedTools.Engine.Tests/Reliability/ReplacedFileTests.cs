using System;
using System.Threading;
using QedTools.Storage;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Reliability;

/// <summary>
/// From the first access to a file that is to be replaced until the new one has its name, nobody else can open it for writing.
/// </summary>
public sealed class ReplacedFileTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly string _old;

    public ReplacedFileTests()
    {
        _old = Make("old.qed", new ImageCreationOptions { SizeBytes = 2 << 20 });
        Make("base.qed", new ImageCreationOptions { SizeBytes = 1 << 20 });
        Make("source.qed", new ImageCreationOptions { SizeBytes = 1 << 20 });
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void An_image_is_created_in_place_of_another() => RequireLockedDuring(
        () => ImageCreation.Run(_old, new ImageCreationOptions { BackingFile = "base.qed", Replace = true }, Token));

    [Fact]
    public void A_disk_is_converted_in_place_of_another() => RequireLockedDuring(() => DiskConversion.Run(
        _folder.PathOf("source.qed"), _old, new DiskConversionOptions { BackingFile = "base.qed", Replace = true, Verify = true }, cancellation: Token));

    private void RequireLockedDuring(Action operation)
    {
        string identity = HostFiles.IdentityOf(_old)!;
        bool isHeld = false;
        int looks = 0;
        int holes = 0;
        using FileLog log = new();
        Func<IStorage, IStorage> inner = HostFiles.Interceptor.Value!;
        object gate = new();
        log.Before = (_, _) => Look();
        HostFiles.Interceptor.Value = storage =>
        {
            isHeld |= storage.Path == _old && storage.CanWrite;
            Look();
            return inner(storage);
        };
        operation();

        Assert.NotEqual(identity, HostFiles.IdentityOf(_old));
        Assert.True(looks > 5, $"only {looks} looks");
        Assert.Equal(0, holes);

        void Look()
        {
            lock (gate)
            {
                if (!isHeld || HostFiles.IdentityOf(_old) != identity)
                {
                    return;
                }

                looks++;
                try
                {
                    FileStorage.Open(_old, StorageAccess.Write).Dispose();
                    holes++;
                }
                catch (QedImageInUseException)
                {
                    // This is expected.
                }
            }
        }
    }

    private string Make(string name, ImageCreationOptions options)
    {
        ImageCreation.Run(_folder.PathOf(name), options, Token);
        return _folder.PathOf(name);
    }
}
