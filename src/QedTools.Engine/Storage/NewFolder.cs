using System;
using System.IO;
using QedTools.Storage.Native;

namespace QedTools.Storage;

/// <summary>A folder created for a new file, and removed again if that file is not created.</summary>
internal sealed class NewFolder : IDisposable
{
    private readonly string _path;
    private bool _kept;

    private NewFolder(string path) => _path = path;

    /// <summary>Creates the folder for a file if it is missing; its parent folder must exist.</summary>
    /// <param name="filePath">The file.</param>
    /// <returns>Null if there is nothing to create.</returns>
    /// <exception cref="QedException">It cannot be created.</exception>
    public static NewFolder? For(string filePath)
    {
        try
        {
            if (Path.GetDirectoryName(Path.GetFullPath(filePath)) is not { } folder || Directory.Exists(folder))
            {
                return null;
            }

            Require(folder);
            Directory.CreateDirectory(folder);
            return new NewFolder(folder);
        }
        catch (Exception e) when (StorageErrors.IsHostError(e))
        {
            throw StorageErrors.Translate(e, filePath, "create");
        }
    }

    /// <summary>Makes sure that a folder could be created, as far as that can be determined without creating it.</summary>
    /// <param name="folder">Its full path; nothing exists there.</param>
    /// <exception cref="QedException">A file has its name, or its parent folder is missing.</exception>
    public static void Require(string folder)
    {
        if (File.Exists(folder))
        {
            throw QedFileExistsException.ForFolder(folder);
        }

        if (Path.GetDirectoryName(folder) is not { } parent)
        {
            return;
        }

        if (!Directory.Exists(parent))
        {
            throw new QedFileNotFoundException(parent);
        }

        FolderAccess.RequireWritable(parent, folder);
    }

    /// <summary>Keeps the folder, as the file now exists.</summary>
    /// <param name="flush">Whether the folder's own name is on the disk when this returns; if that name is lost, so is the file.</param>
    public void Keep(bool flush)
    {
        _kept = true;
        if (flush)
        {
            FolderFlush.Flush(Path.GetDirectoryName(_path));
        }
    }

    /// <summary>Removes the folder unless it is kept or no longer empty.</summary>
    public void Dispose()
    {
        if (_kept)
        {
            return;
        }

        try
        {
            Directory.Delete(_path);
        }
        catch (Exception e) when (StorageErrors.IsHostError(e))
        {
            // An extra empty folder does no harm, and the error that led here matters more.
        }
    }
}
