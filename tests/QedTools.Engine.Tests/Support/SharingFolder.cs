using System;
using System.Collections.Generic;
using System.IO;
using QedTools.Storage;
using QedTools.Tests.Storage;
using Xunit;

namespace QedTools.Tests.Support;

/// <summary>
/// A folder on a file system whose files can share blocks: a real one, mounted from a file where the tests run as root on Linux, or any folder
/// with storages that act as if.
/// </summary>
internal sealed class SharingFolder : IDisposable
{
    /// <summary>Storages that only act as if, so that the test runs everywhere.</summary>
    public const string Simulated = "simulated";

    private const long DeviceBytes = 600L << 20;

    private readonly TempFolder _folder = new();
    private readonly MountedFolder? _mount;

    /// <param name="kind">"xfs", "btrfs" or <see cref="Simulated"/>; if it is not possible here, the test is skipped.</param>
    public SharingFolder(string kind)
    {
        Kind = kind;
        if (kind == Simulated)
        {
            return;
        }

        string maker = $"mkfs.{kind}";
        Assert.SkipUnless(Host.IsLinuxRoot, Host.NotLinuxRoot);
        Assert.SkipUnless(Qemu.IsOnPath(maker), $"{maker} is not installed (Debian: {(kind == "xfs" ? "xfsprogs" : "btrfs-progs")})");
        string device = _folder.PathOf("device");
        using (FileStream file = File.Create(device))
        {
            file.SetLength(DeviceBytes);
        }

        (int code, _, string errors) = Qemu.Run(maker, "-q", device);
        Assert.True(code == 0, errors);
        _mount = new MountedFolder(_folder.PathOf("mounted here"), "-o", "loop", device);
    }

    /// <summary>The kinds.</summary>
    public static TheoryData<string> Kinds => [Simulated, "xfs", "btrfs"];

    /// <summary>The file system.</summary>
    public string Kind { get; }

    /// <summary>Whether it is a real file system.</summary>
    public bool IsReal => _mount is not null;

    /// <summary>The folder.</summary>
    public string Path => _mount?.Path ?? _folder.Path;

    /// <summary>What refuses to share from now on, in simulated storages; null if nothing does.</summary>
    public Func<long, bool>? Refuses { get; set; }

    /// <summary>How many times simulated storages were asked to share.</summary>
    public int Calls { get; private set; }

    /// <summary>The full path of a file in the folder.</summary>
    public string PathOf(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>The space that files take on a real file system, in bytes.</summary>
    public long UsedBytes()
    {
        (int code, _, string errors) = Qemu.Run("sync", "-f", Path);
        Assert.True(code == 0, errors);
        DriveInfo drive = new(Path);
        return drive.TotalSize - drive.TotalFreeSpace;
    }

    /// <summary>Runs an operation on the files.</summary>
    public T Do<T>(Func<T> operation)
    {
        if (IsReal)
        {
            return operation();
        }

        HostFiles.Interceptor.Value = storage => new Storage(this, storage);
        try
        {
            return operation();
        }
        finally
        {
            HostFiles.Interceptor.Value = null;
        }
    }

    public void Dispose()
    {
        _mount?.Dispose();
        _folder.Dispose();
    }

    // Copies where a real one would share.
    private sealed class Storage(SharingFolder folder, IStorage inner) : ForwardingStorage(inner), ISharingStorage
    {
        private const int Unit = 4096;

        private readonly HashSet<IStorage> _refused = [];

        protected override bool ClosesInner => true;

        public int? SharingUnitWith(IStorage source) => source is Storage && !_refused.Contains(source) ? Unit : null;

        public bool TryShare(IStorage source, long sourceOffset, long offset, long length)
        {
            Assert.True(sourceOffset % Unit == 0 && offset % Unit == 0 && length % Unit == 0 && length > 0, $"{sourceOffset}+{length} to {offset}");
            Assert.True(sourceOffset + length <= source.Length, $"{sourceOffset}+{length} is past the end of '{source.Path}'.");
            folder.Calls++;
            if (folder.Refuses?.Invoke(offset) == true)
            {
                _refused.Add(source);
                return false;
            }

            byte[] piece = new byte[Unit];
            for (long done = 0; done < length; done += Unit)
            {
                source.ReadExactly(sourceOffset + done, piece);
                Inner.Write(offset + done, piece);
            }

            return true;
        }
    }
}
