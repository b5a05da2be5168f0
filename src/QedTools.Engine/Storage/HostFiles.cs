using System;
using System.IO;
using System.Threading;
using QedTools.Storage.Native;

namespace QedTools.Storage;

/// <summary>Opens files for the rooms below. What is behind a path is decided here and nowhere else.</summary>
internal static class HostFiles
{
    /// <summary>Put around every file that this flow of execution opens: tests record and disturb operations with it.</summary>
    public static readonly AsyncLocal<Func<IStorage, IStorage>?> Interceptor = new();

    /// <summary>Opens a regular file that exists, and takes the lock that <paramref name="access"/> asks for.</summary>
    /// <param name="path">The file.</param>
    /// <param name="access">What for.</param>
    /// <param name="trace">Is told if the file system has no locks; may be null.</param>
    /// <exception cref="QedException">As for <see cref="FileStorage.Open"/>.</exception>
    public static IStorage Open(string path, StorageAccess access, OperationTrace? trace = null)
    {
        FileStorage storage = FileStorage.Open(path, access);
        if (!storage.IsLocked && access != StorageAccess.Inspect)
        {
            trace?.Decision?.Invoke(
                $"{PrintableText.Of(path)}: its file system has no locks, so nothing keeps other programs from changing the file meanwhile.");
        }

        return Intercept(storage);
    }

    /// <summary>Makes a file that does not exist yet, opens it for writing and locks it.</summary>
    /// <param name="path">Its name.</param>
    /// <param name="mayBeSparse">Whether the host may mark it as a file that may have holes.</param>
    /// <param name="usedLike">A file: nobody may use the new one who may not use that one; null: whoever may use new files.</param>
    /// <param name="shownAs">What errors call it; null: its name.</param>
    /// <param name="trace">Is told if the new file is its owner's alone; may be null.</param>
    /// <exception cref="QedException">It exists, or could not be made.</exception>
    public static IStorage CreateNew(
        string path, bool mayBeSparse = true, string? usedLike = null, string? shownAs = null, OperationTrace? trace = null)
    {
        FileStorage storage = FileStorage.CreateNew(path, mayBeSparse, usedLike, shownAs, out bool keepsRights);
        if (!keepsRights)
        {
            trace?.Decision?.Invoke(
                $"{PrintableText.Of(shownAs ?? path)}: not all owners, permissions, labels and attributes of '{PrintableText.Of(usedLike)}' could be kept, so only its owner may use the new file.");
        }

        return Intercept(storage);
    }

    /// <summary>What <see cref="IStorage.Identity"/> of a file would be; null if it is not there.</summary>
    public static string? IdentityOf(string path)
    {
        try
        {
            if (FileStatus.OfPath(Path.GetFullPath(path)) is not { Kind: null } status)
            {
                return null;
            }

            // Opening a file and closing it again can cost another part of this process its locks, so only Windows is asked that way.
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

    /// <summary>The folder that a file is in, as a full path; an empty text for a root.</summary>
    public static string FolderOf(string path) => Path.GetDirectoryName(Path.GetFullPath(path)) ?? string.Empty;

    /// <summary>How much the disk under a folder can still take; null where the host cannot tell.</summary>
    public static StorageRoom? RoomIn(string folder) => FreeRoom.OfFolder(folder);

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

    /// <summary>The files of a folder, by their full paths; not those in the folders inside it.</summary>
    /// <exception cref="QedException">It is not there, or may not be read.</exception>
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

    /// <summary>Removes a file; that it cannot be removed is no error.</summary>
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
