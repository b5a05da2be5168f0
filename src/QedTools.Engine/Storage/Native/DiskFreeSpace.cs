using System;
using System.IO;

namespace QedTools.Storage.Native;

/// <summary>The free space of a file system.</summary>
internal static class DiskFreeSpace
{
    /// <summary>The free space of the file system that holds a file.</summary>
    /// <param name="path">The file; links are followed.</param>
    /// <param name="device">Its file system (<see cref="FileStatus.Device"/>).</param>
    /// <returns>Null if the host does not report it.</returns>
    public static FreeSpace? OfFile(string path, string? device)
    {
        string full = Path.GetFullPath(path);
        if (!Platform.IsWindows)
        {
            return OfUnix(full) is { } bytes ? new FreeSpace(device, bytes) : null;
        }

        // Windows reports it for folders only. The folder of a link can be on another volume than the file.
        return Path.GetDirectoryName(full) is { } folder && OfFolder(folder) is { } space && space.Device == device ? space : null;
    }

    /// <summary>The free space of the file system that holds a folder, whether it is mounted at the folder or above it.</summary>
    /// <returns>Null if the host does not report it.</returns>
    public static FreeSpace? OfFolder(string folder)
    {
        string full = Path.GetFullPath(folder);
        return (Platform.IsWindows ? OfWindows(full) : OfUnix(full)) is { } bytes
            ? new FreeSpace(FileStatus.DeviceOf(full), bytes) { MayShareBlocks = BlockSharing.MayBeIn(full) }
            : null;
    }

    // On Unix, .NET calls statvfs with whatever path it is given.
    private static long? OfUnix(string path)
    {
        try
        {
            DriveInfo drive = new(path);

            // Some network and user-space file systems report no sizes at all.
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
