using System;
using System.Collections.Generic;
using System.IO;
using QedTools.Tests.Operations;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Serving;

/// <summary>An image in a folder of its own, with the contents that it should have, and the server for it.</summary>
internal sealed class ServedFile : IDisposable
{
    private readonly TempFolder _folder = new();
    private byte[]? _untouched;

    private ServedFile(byte[] model, string path, bool isTemporary)
    {
        Model = model;
        Path = path;
        IsTemporary = isTemporary;
    }

    /// <summary>What the disk should hold.</summary>
    public byte[] Model { get; }

    public string Path { get; private set; }

    public bool IsTemporary { get; }

    public QedNbdServer Server { get; private set; } = null!;

    public string Uri => Server.Uri;

    /// <summary>Makes an image and serves it.</summary>
    /// <param name="kind">qed, overlay, raw or temporary.</param>
    /// <param name="isReadOnly">Whether clients cannot write.</param>
    /// <param name="isTcp">Whether to listen on a port; otherwise on a Unix socket where there are any.</param>
    public static ServedFile Start(string kind, bool isReadOnly = false, bool isTcp = false)
    {
        int size = kind switch { "raw" => (3 << 20) + 777, "qed" => 3 << 20, _ => (3 << 20) + (3 * 512) };
        ServedFile file = new(new byte[size], string.Empty, kind == "temporary");
        string path = file._folder.PathOf(kind == "raw" ? "disk.raw" : "disk.qed");
        file.Path = path;
        if (kind == "raw")
        {
            File.WriteAllBytes(path, file.Model);
        }
        else if (kind == "qed")
        {
            ImageFiles.Make(path, size: size);
        }
        else
        {
            // A raw file, a QED image over half of it, and an empty one on top.
            byte[] below = NbdTestHost.Bytes(1 << 20);
            File.WriteAllBytes(file._folder.PathOf("below.raw"), below);
            below.CopyTo(file.Model, 0);
            ImageFiles.Make(file._folder.PathOf("middle.qed"), "below.raw", isRaw: true, size);
            using (DiskStream stream = OpenImage(file._folder.PathOf("middle.qed"), isWritable: true))
            {
                byte[] data = NbdTestHost.Bytes(600_000, 2);
                data.CopyTo(file.Model, 700_000);
                stream.Position = 700_000;
                stream.Write(data, 0, data.Length);
            }

            ImageFiles.Make(path, "middle.qed", size: size);
        }

        file._untouched = isReadOnly || file.IsTemporary ? File.ReadAllBytes(path) : null;
        file.Server = DiskServing.Start(path, new DiskServingOptions
        {
            Writable = !isReadOnly && !file.IsTemporary,
            Temporary = file.IsTemporary && !isReadOnly,
            Port = 0,
            SocketPath = isTcp || OperatingSystem.IsWindows() ? null : file._folder.PathOf("socket"),
        });
        return file;
    }

    /// <summary>Starts a server for images.</summary>
    public static QedNbdServer Serve(DiskServingOptions options, params KeyValuePair<string, string>[] exports) => DiskServing.Start(exports, options);

    /// <summary>Opens the disk in an image, without a server.</summary>
    public static DiskStream OpenImage(string path, bool isWritable = false) => DiskOpening.Run(path, new DiskOpeningOptions { Writable = isWritable });

    /// <summary>A client that has chosen the disk.</summary>
    public NbdTestClient Open(HeaderStyle style, params string[] contexts)
    {
        NbdTestClient client = NbdTestClient.Connect(Uri);
        client.Greet();
        client.Agree(style);
        if (contexts.Length > 0)
        {
            client.SetContexts(string.Empty, contexts);
        }

        return client.Go();
    }

    /// <summary>A path in the folder.</summary>
    public string PathOf(string name) => _folder.PathOf(name);

    /// <summary>Stops the server and compares the file with the model, without the server and, where it is installed, with qemu-img.</summary>
    public void StopAndCompare()
    {
        Server.Stop(TimeSpan.FromSeconds(30));
        Assert.Equal(QedNbdServerState.Stopped, Server.State);
        if (_untouched is not null)
        {
            Assert.True(File.ReadAllBytes(Path).AsSpan().SequenceEqual(_untouched), "The image was changed.");
            return;
        }

        using (DiskStream stream = OpenImage(Path))
        {
            byte[] bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            Assert.True(bytes.AsSpan().SequenceEqual(Model), "The image holds something else than the model.");
        }

        bool isQed = Path.EndsWith(".qed", StringComparison.Ordinal);
        if (Qemu.IsInstalled)
        {
            File.WriteAllBytes(_folder.PathOf("model.raw"), Model);
            Qemu.Img("compare", "-f", isQed ? "qed" : "raw", "-F", "raw", Path, _folder.PathOf("model.raw"));
        }

        if (isQed)
        {
            QedCheckResult check = ImageCheck.Run(Path, new ImageCheckOptions());
            Assert.True(check.Status == QedCheckStatus.Clean && !check.NeedsCheck, check.Status.ToString());
            if (Qemu.IsInstalled)
            {
                Qemu.Img("check", "-f", "qed", Path);
            }
        }
    }

    public void Dispose()
    {
        Server.Dispose();
        _folder.Dispose();
    }
}
