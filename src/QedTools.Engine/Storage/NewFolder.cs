using System;
using System.IO;
using QedTools.Storage.Native;

namespace QedTools.Storage;

/// <summary>A folder that is made for a new file, and goes again if that file does not come to be.</summary>
internal sealed class NewFolder : IDisposable
{
    private readonly string _path;
    private bool _kept;

    private NewFolder(string path) => _path = path;

    /// <summary>Makes the folder that a file is to be in, if it is missing; the folder above it must be there.</summary>
    /// <param name="filePath">The file.</param>
    /// <returns>Null if there is nothing to make.</returns>
    /// <exception cref="QedException">It cannot be made.</exception>
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

    /// <summary>Makes sure that the folder could be made, as far as it can be told without doing it.</summary>
    /// <param name="folder">Its full path; nothing is there.</param>
    /// <exception cref="QedException">A file has its name, or the folder above it is missing.</exception>
    public static void Require(string folder)
    {
        if (File.Exists(folder))
        {
            throw QedFileExistsException.ForFolder(folder);
        }

        if (Path.GetDirectoryName(folder) is not { } above)
        {
            return;
        }

        if (!Directory.Exists(above))
        {
            throw new QedFileNotFoundException(above);
        }

        FolderAccess.RequireWritable(above, folder);
    }

    /// <summary>The file is there: the folder stays.</summary>
    /// <param name="flush">Whether the folder's own name is on the disk when this returns; without it the file's is lost too.</param>
    public void Keep(bool flush)
    {
        _kept = true;
        if (flush)
        {
            FolderFlush.Flush(Path.GetDirectoryName(_path));
        }
    }

    /// <summary>Removes the folder unless it is kept, or somebody put something into it.</summary>
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
            // An empty folder more harms nobody, and the error that led here matters more.
        }
    }
}
