using System;
using System.Collections.Generic;
using System.IO;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace QedTools.Storage.Native;

/// <summary>What a host says about a block device, whose status as a file has neither a length nor a unit. Linux only.</summary>
/// <param name="Length">Its size, in bytes.</param>
/// <param name="SectorSize">The size of its logical sectors, in bytes.</param>
internal sealed record BlockDevice(long Length, int SectorSize)
{
    private const int FromEnd = 2;          // SEEK_END
    private const int GetSectorSize = 0x1268; // BLKSSZGET

    /// <summary>Whether this host's block devices can be read.</summary>
    public static bool IsSupported => Platform.IsLinux && IntPtr.Size == sizeof(long);

    /// <summary>Asks about an open device.</summary>
    /// <param name="handle">The device.</param>
    /// <param name="path">Its path, for messages.</param>
    /// <exception cref="IOException">The host does not say how large it is.</exception>
    public static unsafe BlockDevice Of(SafeFileHandle handle, string path)
    {
        bool added = false;
        try
        {
            handle.DangerousAddRef(ref added);
            IntPtr file = handle.DangerousGetHandle();
            long length = LibC.Seek(file, 0, FromEnd);
            int sectorSize = 0;
            return length >= 0 && LibC.IoControl(file, GetSectorSize, &sectorSize) == 0
                ? new BlockDevice(length, sectorSize)
                : throw LibC.ErrorOf(Marshal.GetLastWin32Error(), path);
        }
        finally
        {
            if (added)
            {
                handle.DangerousRelease();
            }
        }
    }

    /// <summary>Where a device or one of its partitions is mounted; null if nowhere, or if the host does not say.</summary>
    /// <param name="number">The device's number, as "major:minor" in decimal.</param>
    public static string? MountPointOf(string number)
    {
        try
        {
            HashSet<string> numbers = [number];
            string folder = "/sys/dev/block/" + number;
            foreach (string partition in Directory.Exists(folder) ? Directory.GetDirectories(folder) : [])
            {
                string file = Path.Combine(partition, "dev");
                if (File.Exists(file))
                {
                    numbers.Add(File.ReadAllText(file).Trim());
                }
            }

            // proc(5): the third field is the device, the fifth the mount point, with spaces as octal escapes.
            foreach (string line in File.ReadLines("/proc/self/mountinfo"))
            {
                string[] fields = line.Split(' ');
                if (fields.Length > 4 && numbers.Contains(fields[2]))
                {
                    return fields[4].Replace("\\040", " ");
                }
            }

            return null;
        }
        catch (Exception e) when (StorageErrors.IsHostError(e))
        {
            return null;
        }
    }
}
