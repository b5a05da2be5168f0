using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace QedTools.Storage.Native;

/// <summary>What a host says about a block device, whose status as a file has neither a length nor a unit. Linux only.</summary>
/// <param name="Length">Its size, in bytes.</param>
/// <param name="SectorSize">The size of its logical sectors, in bytes.</param>
internal sealed record BlockDevice(long Length, int SectorSize)
{
    private const int FromEnd = 2;          // SEEK_END
    private const int GetSectorSize = 0x1268; // BLKSSZGET

    /// <summary>Whether this host's block devices can be read and written.</summary>
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

    /// <summary>Opens a device for reading and writing, and keeps the host and other programs that ask for that from using it meanwhile.</summary>
    /// <param name="path">The device.</param>
    /// <returns>The device; null if it is in use: mounted, a part of another device, or opened like this.</returns>
    /// <exception cref="IOException">The host refused.</exception>
    /// <exception cref="UnauthorizedAccessException">This user does not have permission.</exception>
    public static unsafe SafeFileHandle? OpenExclusively(string path)
    {
        const int Flags = 0x2 | 0x80 | 0x80000; // O_RDWR, O_EXCL, O_CLOEXEC
        const int Busy = 16;
        int file;
        fixed (byte* name = Encoding.UTF8.GetBytes(path + '\0'))
        {
            do
            {
                file = LibC.Open(name, Flags);
            }
            while (file < 0 && Marshal.GetLastWin32Error() == LibC.Interrupted);
        }

        int error = file < 0 ? Marshal.GetLastWin32Error() : 0;
        return error switch
        {
            0 => new SafeFileHandle((IntPtr)file, ownsHandle: true),
            Busy => null,
            LibC.ReadOnlyFileSystem => throw new UnauthorizedAccessException(),
            _ => throw LibC.ErrorOf(error, path),
        };
    }

    /// <summary>Whether two devices share storage: they are the same, or one is a partition of the other.</summary>
    /// <param name="number">The number of one, as "major:minor" in decimal.</param>
    /// <param name="other">The number of the other.</param>
    public static bool Overlap(string number, string other)
    {
        try
        {
            return WithPartitions(number).Contains(other) || WithPartitions(other).Contains(number);
        }
        catch (Exception e) when (StorageErrors.IsHostError(e))
        {
            return number == other;
        }
    }

    /// <summary>Where a device or one of its partitions is mounted; null if nowhere, or if the host does not say.</summary>
    /// <param name="number">The device's number, as "major:minor" in decimal.</param>
    public static string? MountPointOf(string number)
    {
        try
        {
            HashSet<string> numbers = WithPartitions(number);

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

    // sysfs: each partition is a folder in that of its device.
    private static HashSet<string> WithPartitions(string number)
    {
        string folder = "/sys/dev/block/" + number;
        IEnumerable<string> partitions = Directory.Exists(folder)
            ? Directory.GetDirectories(folder).Select(partition => Path.Combine(partition, "dev")).Where(File.Exists).Select(file => File.ReadAllText(file).Trim())
            : [];
        return [number, .. partitions];
    }
}
