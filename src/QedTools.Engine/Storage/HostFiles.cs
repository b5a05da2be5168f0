using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using QedTools.Storage.Native;

namespace QedTools.Storage;

/// <summary>Opens files for the rest of the engine. What a path refers to is decided here and nowhere else.</summary>
internal static class HostFiles
{
    /// <summary>How names of files are compared on this host, as its file systems usually do.</summary>
    public static readonly StringComparer NameComparer = Platform.IsLinux ? StringComparer.Ordinal : StringComparer.OrdinalIgnoreCase;

    /// <summary>Wraps every file that this flow of execution opens: tests use it to record and disturb operations.</summary>
    public static readonly AsyncLocal<Func<IStorage, IStorage>?> Interceptor = new();

    /// <summary>Opens a regular file that exists, and takes the lock that <paramref name="access"/> asks for.</summary>
    /// <param name="path">The file.</param>
    /// <param name="access">The access.</param>
    /// <param name="trace">Receives a line if the file system has no locks, and a warning if a device is mounted; may be null.</param>
    /// <param name="allowDevice">Whether it may be a block device instead of a file; one that is written to must not be in use.</param>
    /// <exception cref="QedException">As for <see cref="FileStorage.Open"/>.</exception>
    public static IStorage Open(string path, StorageAccess access, OperationTrace? trace = null, bool allowDevice = false)
    {
        FileStorage storage = FileStorage.Open(path, access, allowDevice);
        if (trace?.Warning is not null && storage.MountPoint is { } mountPoint)
        {
            trace.Warn($"'{path}' is mounted at '{mountPoint}', so it can change while it is read, and the result can be inconsistent. Unmount it first, or read a snapshot of it.");
        }

        if (!storage.IsLocked && access != StorageAccess.Inspect)
        {
            trace?.Decision?.Invoke(
                $"{PrintableText.Of(path)}: its file system has no locks, so nothing keeps other programs from changing the file in the meantime.");
        }

        return Intercept(storage);
    }

    /// <summary>Creates a new file, opens it for writing and locks it.</summary>
    /// <param name="path">Its name.</param>
    /// <param name="mayBeSparse">Whether the host may mark it as sparse.</param>
    /// <param name="usedLike">A file whose access rights limit those of the new one: only those who may use that file may use the new one.
    /// Null for the host's defaults.</param>
    /// <param name="shownAs">The name to use in errors; null for its own.</param>
    /// <param name="trace">Receives a line if only the owner may use the new file; may be null.</param>
    /// <exception cref="QedException">It already exists, or could not be created.</exception>
    public static IStorage CreateNew(
        string path, bool mayBeSparse = true, string? usedLike = null, string? shownAs = null, OperationTrace? trace = null)
    {
        FileStorage storage = FileStorage.CreateNew(path, mayBeSparse, usedLike, shownAs, out bool keepsRights);
        if (!keepsRights)
        {
            trace?.Decision?.Invoke(
                $"{PrintableText.Of(shownAs ?? path)}: the owner, permissions, labels and attributes of '{PrintableText.Of(usedLike)}' could not all be kept, so only its owner may use the new file.");
        }

        return Intercept(storage);
    }

    /// <summary>The length of a file and what the host has allocated for it, in bytes; zeroes if it cannot be opened.</summary>
    public static (long Length, long AllocatedBytes) SizeOf(string path)
    {
        try
        {
            using IStorage storage = Open(path, StorageAccess.Inspect);
            return (storage.Length, storage.AllocatedBytes);
        }
        catch (QedException)
        {
            return default;
        }
    }

    /// <summary>What <see cref="IStorage.Identity"/> of a file would be; null if it does not exist.</summary>
    public static string? IdentityOf(string path)
    {
        try
        {
            if (FileStatus.OfPath(Path.GetFullPath(path)) is not { Kind: null } status)
            {
                return null;
            }

            // Only on Windows is the file opened for that: elsewhere, closing it again can release locks that this process holds on it.
            if (!Platform.IsWindows)
            {
                return status.Identity;
            }

            using FileStorage storage = FileStorage.Open(path, StorageAccess.Inspect);
            return storage.Identity;
        }
        catch (Exception e) when (e is QedException || StorageErrors.IsHostError(e))
        {
            return null;
        }
    }

    /// <summary>When a file was last written to, in UTC; null if it does not exist or the host does not report it.</summary>
    public static DateTime? ModifiedTimeOf(string path)
    {
        try
        {
            return File.Exists(path) ? File.GetLastWriteTimeUtc(path) : null;
        }
        catch (Exception e) when (StorageErrors.IsHostError(e))
        {
            return null;
        }
    }

    /// <summary>The folder that a file is in, as a full path; an empty string for a root.</summary>
    public static string FolderOf(string path) => Path.GetDirectoryName(Path.GetFullPath(path)) ?? string.Empty;

    /// <summary>The path of an existing file or folder once symbolic links are followed; null if it does not exist or the host does not report it.</summary>
    /// <param name="path">A full path.</param>
    public static string? RealPathOf(string path) => RealPath.Final(path);

    /// <summary>Whether a path leads to a block device.</summary>
    public static bool IsBlockDevice(string path) => FileStatus.OfPath(path)?.Kind == FileStatus.BlockDevice;

    /// <summary>Whether two paths lead to block devices that share storage: they are the same, or one is a partition of the other.</summary>
    public static bool ShareStorage(string path, string other) =>
        FileStatus.OfPath(path)?.DeviceNumber is { } number
        && FileStatus.OfPath(other)?.DeviceNumber is { } otherNumber
        && BlockDevice.Overlap(number, otherNumber);

    /// <summary>Whether a path leads to anything at all.</summary>
    public static bool Exists(string path) => File.Exists(path) || Directory.Exists(path) || FileStatus.OfPath(path) is not null;

    /// <summary>The full path that a path leads to once symbolic links are followed; the full path itself where nothing exists yet.</summary>
    public static string FinalPathOf(string path)
    {
        string full = Path.GetFullPath(path);
        return RealPath.Final(full) ?? full;
    }

    /// <summary>The free space of the file system that a new file would be on, whose folder may still be missing; null if the host does not report it.</summary>
    public static FreeSpace? FreeSpaceNear(string path)
    {
        string folder = FolderOf(path);
        while (folder.Length > 0 && !Directory.Exists(folder))
        {
            folder = Path.GetDirectoryName(folder) ?? string.Empty;
        }

        return folder.Length > 0 ? FreeSpaceIn(folder) : null;
    }

    /// <summary>Whether a new file has holes where nothing was written to it.</summary>
    /// <param name="mayBeSparse">Whether the host may mark it as a file that can have holes; only Windows does.</param>
    public static bool KeepsHoles(bool mayBeSparse) => mayBeSparse || !Platform.IsWindows;

    /// <summary>Whether a path is that of a folder.</summary>
    public static bool IsFolder(string path) => Directory.Exists(path);

    /// <summary>The free space of the file system that holds a folder; null if the host does not report it.</summary>
    public static FreeSpace? FreeSpaceIn(string folder) => DiskFreeSpace.OfFolder(folder);

    /// <summary>Whether a path is no longer than the host and the file system allow.</summary>
    public static bool IsPossible(string path)
    {
        try
        {
            FileStatus.RequirePossible(path);
            return true;
        }
        catch (PathTooLongException)
        {
            return false;
        }
    }

    /// <summary>The files in a folder, as full paths; subfolders are not searched.</summary>
    /// <exception cref="QedException">It does not exist, or may not be read.</exception>
    public static string[] FilesIn(string folder)
    {
        try
        {
            return Directory.GetFiles(folder);
        }
        catch (Exception e) when (StorageErrors.IsHostError(e))
        {
            throw StorageErrors.Translate(e, folder, "list");
        }
    }

    /// <summary>The folders in a folder, as full paths, without symbolic links and junctions: those can lead back up.</summary>
    /// <exception cref="QedException">It does not exist, or may not be read.</exception>
    public static IReadOnlyList<string> FoldersIn(string folder)
    {
        try
        {
            return [.. new DirectoryInfo(folder).EnumerateDirectories().Where(one => (one.Attributes & FileAttributes.ReparsePoint) == 0).Select(one => one.FullName)];
        }
        catch (Exception e) when (StorageErrors.IsHostError(e))
        {
            throw StorageErrors.Translate(e, folder, "list");
        }
    }

    /// <summary>Whether a path is a symbolic link itself, whatever it leads to.</summary>
    public static bool IsLink(string path)
    {
        try
        {
            return (File.GetAttributes(path) & FileAttributes.ReparsePoint) != 0;
        }
        catch (Exception e) when (StorageErrors.IsHostError(e))
        {
            return false;
        }
    }

    /// <summary>What tells the file, folder or socket at a path from any that takes its place; null if there is nothing.</summary>
    public static string? MarkOf(string path) => FileStatus.OfPath(path)?.Identity;

    /// <summary>Lets nobody but its owner use a file or socket; on Windows those whom its folder allows.</summary>
    /// <exception cref="IOException">It did not work.</exception>
    public static void KeepForOwner(string path) => FileAccessRights.KeepForOwner(path);

    /// <summary>Removes a file; failing to remove it is not an error.</summary>
    public static void Delete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (StorageErrors.IsHostError(e))
        {
            // Nothing better can be done on the way out, and the error that led here matters more.
        }
    }

    private static IStorage Intercept(IStorage storage) => Interceptor.Value?.Invoke(storage) ?? storage;
}
