using System;
using System.IO;
using QedTools.Tests.Storage;
using Xunit;

namespace QedTools.Tests.Support;

/// <summary>A file system that is mounted while a test runs; where that is impossible, the test is skipped.</summary>
internal sealed class MountedFolder : IDisposable
{
    /// <param name="path">Where to mount it; created if it does not exist.</param>
    /// <param name="arguments">What mount gets before the path: options, and what to mount.</param>
    public MountedFolder(string path, params string[] arguments)
    {
        Assert.SkipUnless(Host.IsLinuxRoot && Qemu.IsOnPath("mount"), Host.NotLinuxRoot);
        Path = path;
        Directory.CreateDirectory(path);
        (int code, _, string errors) = Qemu.Run("mount", [.. arguments, path]);
        Assert.SkipUnless(code == 0, $"nothing can be mounted here: {errors.Trim()}");
    }

    /// <summary>Where it is mounted.</summary>
    public string Path { get; }

    /// <summary>Unmounts it, even if a process that another test is starting has inherited a file here and not yet closed it.</summary>
    public void Dispose() => Qemu.Run("umount", "--lazy", Path);
}
