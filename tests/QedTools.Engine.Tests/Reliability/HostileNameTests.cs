using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using QedTools.Qed.Format;
using QedTools.Tests.Storage;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Reliability;

/// <summary>
/// Backing names that lead where they should not: no operation goes there, waits there, or fails with anything but an engine error.
/// </summary>
public sealed class HostileNameTests(ITestOutputHelper output) : IDisposable
{
    private readonly TempFolder _folder = new();

    public static TheoryData<string> Names =>
    [
        "nbd:localhost:10809", "nbd://localhost/x", "nbd+unix:///x?socket=/tmp/s", "json:{\"driver\":\"null-co\"}", "http://[::1]:1/x",
        "https://images.example/base.qed", "ftp://x/y", "ssh://root@localhost/etc/shadow", "file:base.raw", "file:///etc/passwd",
        "host_device:/dev/sda", "fat:rw:/tmp", "rbd:pool/image", "iscsi://x/y/1", "blkdebug::base.raw", "null-co://", "C:\\base.raw", "c:/base.raw",
        "\\\\server.example\\share\\base.qed", "\\\\.\\PhysicalDrive0", "\\\\?\\C:\\base.raw", "//server.example/share/base.qed",
        "/dev/null", "/dev/zero", "/dev/random", "/dev/stdin", "/dev/tty", "/dev/fd/0", "/proc/self/mem", "/sys/kernel",
        ".", "..", "/", "./", "folder", "folder/", "pipe", "socket", "top.qed", "./top.qed", "folder/../top.qed", "link-to-top", "link-to-itself",
        "missing", "missing/base.raw", "top.qed/base.raw", "a\0b", "base.raw\0", "\n", " ", "con", "nul", "CON.qed", "base.raw:stream",
        "~/base.raw", "$HOME/base.raw", "%TEMP%\\base.raw", "`id`", "-f", "\u202e\u0001", "\ufffd",
    ];

    public void Dispose() => _folder.Dispose();

    [Theory(Skip = Host.NotUnix, SkipUnless = nameof(Host.IsUnix), SkipType = typeof(Host), Timeout = Patience.Milliseconds)]
    [MemberData(nameof(Names))]
    public Task A_name_that_leads_nowhere_good_is_an_engine_error(string name) => Task.Run(() => Try(name), TestContext.Current.CancellationToken);

    [Fact]
    public void Any_name_is_an_engine_error_or_a_file_in_the_folder()
    {
        const int Count = 400;
        Random random = new(Seeds.One);
        for (int i = 0; i < Count; i++)
        {
            byte[] name = new byte[random.Next(1, random.Next(2) == 0 ? 20 : 1023)];
            random.NextBytes(name);
            for (int j = 0; j < name.Length; j++)
            {
                name[j] = random.Next(3) == 0 ? (byte)"./\\:0a~\"%"[random.Next(9)] : name[j];
            }

            // Nothing outside the folder.
            if (name[0] == '/' || Encoding.UTF8.GetString(name).Contains("..", StringComparison.Ordinal))
            {
                name[0] = (byte)'x';
            }

            string top = _folder.PathOf("any.qed");
            Make(top, name);
            Require(top);
        }

        output.WriteLine($"{Count} random names, seed {Seeds.One}");
    }

    [Fact]
    public void A_chain_of_ten_thousand_layers_is_refused_without_walking_it()
    {
        const int Layers = 10_000;
        for (int i = 0; i < Layers; i++)
        {
            Make(_folder.PathOf($"{i}.qed"), Encoding.UTF8.GetBytes(i == 0 ? $"{Layers - 1}.qed" : $"{i - 1}.qed"));
        }

        string top = _folder.PathOf($"{Layers - 1}.qed");
        Stopwatch time = Stopwatch.StartNew();

        Require(top);
        List<QedImageInfo> layers = [];
        Assert.Throws<QedBackingChainException>(() => layers.AddRange(Endless(top, layers)));
        Assert.ThrowsAny<QedException>(() => ImageCreation.Run(
            _folder.PathOf("new.qed"), new ImageCreationOptions { BackingFile = $"{Layers - 1}.qed", SizeBytes = 1 << 20 }, TestContext.Current.CancellationToken));

        output.WriteLine($"{Layers} layers in a cycle: refused by every operation in {time.ElapsedMilliseconds} ms together");
        Assert.False(File.Exists(_folder.PathOf("new.qed")));
    }

    private static IEnumerable<QedImageInfo> Endless(string top, List<QedImageInfo> seen)
    {
        foreach (QedImageInfo info in ImageInspection.RunOverChain(top, new ImageInspectionOptions()))
        {
            Assert.True(seen.Count <= 64);
            yield return info;
        }
    }

    private void Try(string name)
    {
        File.WriteAllBytes(_folder.PathOf("base.raw"), new byte[8192]);
        Directory.CreateDirectory(_folder.PathOf("folder"));
        Host.Run("mkfifo", _folder.PathOf("pipe"));
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(_folder.PathOf("socket")));
        File.CreateSymbolicLink(_folder.PathOf("link-to-top"), "top.qed");
        File.CreateSymbolicLink(_folder.PathOf("link-to-itself"), "link-to-itself");
        string top = _folder.PathOf("top.qed");
        Make(top, Encoding.UTF8.GetBytes(name));
        string[] before = Listing();

        Require(top);

        Assert.Equal(before, Listing());
    }

    private string[] Listing() => [.. Directory.GetFileSystemEntries(_folder.Path).Order(StringComparer.Ordinal)];

    // Inspecting and checking work whatever the name; operations that need the data fail and leave the image as it was.
    private void Require(string top)
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        byte[] before = File.ReadAllBytes(top);
        Assert.NotNull(ImageInspection.Run(top, new ImageInspectionOptions()).BackingFile);
        Assert.Equal(QedCheckStatus.Clean, ImageCheck.Run(top, new ImageCheckOptions(), cancellation: token).Status);
        string target = _folder.PathOf("target.raw");
        Action[] operations =
        [
            () => DiskOpening.Run(top, new DiskOpeningOptions(), cancellation: token).Dispose(),
            () => DiskOpening.Run(top, new DiskOpeningOptions { Writable = true }, cancellation: token).Dispose(),
            () => DiskConversion.Run(top, target, new DiskConversionOptions(), cancellation: token),
            () => DiskMerge.Run(top, new DiskMergeOptions(), cancellation: token),
            () => ImageOptimization.Run(top, new ImageOptimizationOptions { AgainstBackingFile = true }, cancellation: token),
            () => ImageResize.Run(top, 8 << 20, new ImageResizeOptions(), cancellation: token),
            () => BackingFileChange.Run(top, new BackingFileChangeOptions { PreserveContent = true }, cancellation: token),
        ];
        for (int i = 0; i < operations.Length; i++)
        {
            Exception? error = Record.Exception(operations[i]);
            Assert.True(error is QedException, $"operation {i}: {error?.ToString() ?? "no error"}");
        }

        Assert.False(File.Exists(target));
        Assert.Equal(before, File.ReadAllBytes(top));
    }

    private static void Make(string path, byte[] name)
    {
        QedHeader header = new(
            4096, 1, 1, name.Length > 0 ? QedFeatures.BackingFile : QedFeatures.None, 0, 0, 4096, 1 << 20, QedHeader.Size, (uint)name.Length);
        byte[] bytes = new byte[8192];
        header.WriteTo(bytes);
        name.CopyTo(bytes, QedHeader.Size);
        File.WriteAllBytes(path, bytes);
    }
}
