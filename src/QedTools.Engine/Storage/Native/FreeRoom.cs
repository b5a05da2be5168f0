using System;
using System.IO;

namespace QedTools.Storage.Native;

/// <summary>How much a file system can still take.</summary>
internal static class FreeRoom
{
    /// <summary>That of the file system that holds a file.</summary>
    /// <param name="path">The file; a link counts as what it leads to.</param>
    /// <param name="device">Its file system (<see cref="FileStatus.Device"/>).</param>
    /// <returns>Null where the host cannot tell.</returns>
    public static StorageRoom? OfFile(string path, string? device)
    {
        string full = Path.GetFullPath(path);
        if (!Platform.IsWindows)
        {
            return OfUnix(full) is { } bytes ? new StorageRoom(device, bytes) : null;
        }

        // Windows answers for folders only. That of a link can be on another volume than the file.
        return Path.GetDirectoryName(full) is { } folder && OfFolder(folder) is { } room && room.Device == device ? room : null;
    }

    /// <summary>That of the file system under a folder, where it is mounted somewhere above it or right there.</summary>
    /// <returns>Null where the host cannot tell.</returns>
    public static StorageRoom? OfFolder(string folder)
    {
        string full = Path.GetFullPath(folder);
        return (Platform.IsWindows ? OfWindows(full) : OfUnix(full)) is { } bytes
            ? new StorageRoom(FileStatus.DeviceOf(full), bytes)
            : null;
    }

    // On Unix .NET asks statvfs for whatever path it is given.
    private static long? OfUnix(string path)
    {
        try
        {
            DriveInfo drive = new(path);

            // Some file systems over a network or in a process have no sizes at all.
            return drive.TotalSize > 0 ? drive.AvailableFreeSpace : null;
        }
        catch (Exception e) when (StorageErrors.IsHostError(e))
        {
            return null;
        }
    }

    private static long? OfWindows(string folder) =>
        Kernel32.GetDiskFreeSpaceEx(folder, out ulong available, out ulong total, out _) && total > 0
            ? (long)Math.Min(available, long.MaxValue)
            : null;
}
