using System;
using System.Collections.Generic;
using System.IO;
using Xunit;

namespace QedTools.Tests.Support;

/// <summary>Block devices over files, where the tests run as root on Linux; otherwise a test that asks for one is skipped.</summary>
internal sealed class LoopDevices : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly List<string> _devices = [];
    private MountedFolder? _mount;
    private int _count;

    /// <summary>Unmounts and detaches all of them.</summary>
    public void Dispose()
    {
        _mount?.Dispose();
        foreach (string device in _devices)
        {
            Qemu.Run("losetup", "-d", device);
        }

        _folder.Dispose();
    }

    /// <summary>A device that holds some bytes.</summary>
    /// <param name="contents">The bytes.</param>
    /// <param name="sectorSize">The size of its logical sectors, in bytes.</param>
    /// <param name="options">Further options of losetup.</param>
    /// <returns>The device.</returns>
    public string Attach(byte[] contents, int sectorSize, params string[] options)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName == "root" && Qemu.IsOnPath("losetup"), "only root on Linux attaches loop devices");
        string file = FileOf(_count++);
        File.WriteAllBytes(file, contents);
        (int code, string output, string errors) = Qemu.Run("losetup", ["--find", "--show", "--sector-size", $"{sectorSize}", .. options, file]);
        Assert.SkipUnless(code == 0, $"no loop device can be attached here: {errors}");
        string device = output.Trim();
        _devices.Add(device);
        return device;
    }

    /// <summary>The file that a device stands for.</summary>
    /// <param name="number">Which one: 0 for the first that was attached.</param>
    public string FileOf(int number) => _folder.PathOf($"disk{number}.bin");

    /// <summary>Makes a file system on a device, and mounts it for reading.</summary>
    /// <param name="device">The device.</param>
    /// <returns>Where it is mounted.</returns>
    public string Mount(string device)
    {
        Assert.SkipUnless(Qemu.IsOnPath("mkfs.ext4"), "mkfs.ext4 is not installed");
        (int code, _, string errors) = Qemu.Run("mkfs.ext4", "-q", device);
        Assert.True(code == 0, errors);
        _mount = new MountedFolder(_folder.PathOf("mounted here"), "-o", "ro", device);
        return _mount.Path;
    }
}
