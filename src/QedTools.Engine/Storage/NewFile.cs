using System;
using System.IO;
using QedTools.Storage.Native;

namespace QedTools.Storage;

/// <summary>A file that appears whole or not at all: built under a name of its own, given its real name when finished.</summary>
internal sealed class NewFile : IDisposable
{
    private readonly string _target;
    private readonly string _partial;
    private readonly IStorage? _replaced;
    private readonly IStorage _storage;
    private bool _finished;

    private NewFile(string target, string partial, IStorage storage, IStorage? replaced)
    {
        _target = target;
        _partial = partial;
        _storage = storage;
        Storage = new UnnamedStorage(storage);
        _replaced = replaced;
    }

    /// <summary>The file being built, open for writing until <see cref="Commit"/>.</summary>
    /// <remarks>Its flushes wait for <see cref="Commit"/>.</remarks>
    public IStorage Storage { get; }

    /// <summary>Starts a new file in the folder of <paramref name="path"/>.</summary>
    /// <param name="path">The name it is to get.</param>
    /// <param name="replace">Whether a file of that name may be replaced; it is locked against other users meanwhile.</param>
    /// <param name="mayBeSparse">Whether the host may mark it as a file that may have holes.</param>
    /// <exception cref="QedFileExistsException">It exists and <paramref name="replace"/> is false.</exception>
    /// <exception cref="QedNotAFileException">The name belongs to a folder or a device.</exception>
    /// <exception cref="QedImageInUseException">The file to replace is in use.</exception>
    /// <exception cref="QedException">The folder is missing or may not be written.</exception>
    public static NewFile Create(string path, bool replace, bool mayBeSparse = true)
    {
        // A link stays a link: what it leads to is replaced.
        string folder = RequireFreeName(path, replace);
        if (RealPath.Of(path) is { } real)
        {
            path = real;
            folder = Path.GetDirectoryName(real) ?? folder;
        }

        IStorage? replaced = FileStatus.OfPath(path) is null ? null : HostFiles.Open(path, StorageAccess.Write);
        string partial = Path.Combine(folder, $".{Guid.NewGuid():N}.qedtools-partial");
        try
        {
            return new NewFile(path, partial, HostFiles.CreateNew(partial, mayBeSparse, usedLike: replaced is null ? null : path), replaced);
        }
        catch (QedAccessDeniedException e)
        {
            replaced?.Dispose();
            throw new QedAccessDeniedException(path, "create", e);
        }
        catch
        {
            replaced?.Dispose();
            throw;
        }
    }

    /// <summary>Makes sure that a file of that name could be created.</summary>
    /// <param name="path">Its name.</param>
    /// <param name="replace">Whether a file of that name may be replaced.</param>
    /// <param name="makesFolder">Whether its folder will be made if it is missing (<see cref="NewFolder"/>).</param>
    /// <returns>The folder it would be in.</returns>
    /// <exception cref="QedException">As <see cref="Create"/>, as far as it can be told without creating anything.</exception>
    public static string RequireFreeName(string path, bool replace, bool makesFolder = false)
    {
        string? folder;
        try
        {
            folder = Path.GetDirectoryName(Path.GetFullPath(path));
        }
        catch (Exception e) when (StorageErrors.IsHostError(e))
        {
            throw StorageErrors.Translate(e, path, "create");
        }

        if (FileStatus.OfPath(path) is { } status)
        {
            if (status.Kind is { } kind)
            {
                throw new QedNotAFileException(path, kind);
            }

            if (!replace)
            {
                throw new QedFileExistsException(path);
            }

            // Whether it may be replaced: not while somebody uses it.
            HostFiles.Open(path, StorageAccess.Write).Dispose();
        }

        if (folder is null)
        {
            throw new QedNotAFileException(path, "a folder");
        }

        if (Directory.Exists(folder))
        {
            // A link's target is replaced, in its own folder.
            string real = RealPath.Of(path) is { } target ? Path.GetDirectoryName(target) ?? folder : folder;
            FolderAccess.RequireWritable(real, path);
            return folder;
        }

        if (!makesFolder)
        {
            throw new QedFileNotFoundException(folder);
        }

        NewFolder.Require(folder);
        return folder;
    }

    /// <summary>Closes the file and gives it its name, in one step.</summary>
    /// <param name="flush">
    /// Whether file and name are on the disk when this returns. Unless they are, a power cut soon after can leave the name with
    /// part of the file, or with what had that name before.
    /// </param>
    /// <exception cref="QedException">It could not be done; nothing of the new file is left then.</exception>
    public void Commit(bool flush = true)
    {
        if (flush)
        {
            _storage.Flush();
        }

        _storage.Dispose();
        if (Platform.IsWindows)
        {
            _replaced?.Dispose(); // Windows replaces no file that is open without sharing its deletion
        }

        try
        {
            FileMove.Into(_partial, _target, replace: _replaced is not null);
        }
        catch (Exception e) when (StorageErrors.IsHostError(e))
        {
            throw StorageErrors.Translate(e, _target, "create");
        }

        _finished = true;
        if (flush)
        {
            FolderFlush.Flush(Path.GetDirectoryName(Path.GetFullPath(_target)));
        }
    }

    /// <summary>Removes the partial file unless it was committed.</summary>
    public void Dispose()
    {
        _storage.Dispose();
        _replaced?.Dispose();
        if (!_finished)
        {
            HostFiles.Delete(_partial);
        }
    }
}
