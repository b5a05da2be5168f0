using System;
using System.IO;
using QedTools.Storage.Native;

namespace QedTools.Storage;

/// <summary>
/// The name that a new file will get. While it is held, nobody else can open the file that currently has the name for writing, and
/// only that very file will be replaced.
/// </summary>
internal sealed class ReservedName : IDisposable
{
    private IStorage? _replaced;

    private ReservedName(string path, string target, string folder, IStorage? replaced)
    {
        Path = path;
        Target = target;
        Folder = folder;
        ReplacedIdentity = replaced?.Identity;
        _replaced = replaced;
    }

    /// <summary>The name as requested, for messages.</summary>
    public string Path { get; }

    /// <summary>Where the new file will be. A link stays a link: its target is replaced, in the target's own folder.</summary>
    public string Target { get; }

    /// <summary>The folder of <see cref="Target"/>.</summary>
    public string Folder { get; }

    /// <summary>The <see cref="IStorage.Identity"/> of the file to be replaced; null if the name is free.</summary>
    public string? ReplacedIdentity { get; }

    /// <summary>Makes sure that a file of that name could be created, and holds the file that currently has the name.</summary>
    /// <param name="path">The name.</param>
    /// <param name="replace">Whether a file of that name may be replaced.</param>
    /// <param name="makesFolder">Whether its folder will be created if it is missing (<see cref="NewFolder"/>).</param>
    /// <param name="trace">Receives a line if the file that currently has the name cannot be locked; may be null.</param>
    /// <exception cref="QedFileExistsException">It exists and <paramref name="replace"/> is false.</exception>
    /// <exception cref="QedNotAFileException">The name belongs to a folder or a device.</exception>
    /// <exception cref="QedImageInUseException">The file to replace is in use.</exception>
    /// <exception cref="QedException">The name is too long, or the folder is missing or may not be written to.</exception>
    public static ReservedName Hold(string path, bool replace, bool makesFolder = false, OperationTrace? trace = null)
    {
        string? folder;
        try
        {
            folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path));
            FileStatus.RequirePossible(path);
        }
        catch (Exception e) when (StorageErrors.IsHostError(e))
        {
            throw StorageErrors.Translate(e, path, "create");
        }

        IStorage? replaced = null;
        if (FileStatus.OfPath(path) is { } status)
        {
            if (status.Kind is { } kind)
            {
                throw new QedNotAFileException(path, kind);
            }

            if (FileStatus.IsLinkToNothing(path))
            {
                throw new QedNotAFileException(path, "a broken link");
            }

            if (!replace)
            {
                throw new QedFileExistsException(path);
            }

            replaced = HostFiles.Open(path, StorageAccess.Write, trace);
        }

        try
        {
            if (folder is null)
            {
                throw new QedNotAFileException(path, "a folder");
            }

            string target = RealPath.Of(path) ?? path;
            string targetFolder = target == path ? folder : System.IO.Path.GetDirectoryName(target) ?? folder;
            RequireFolder(targetFolder, path, makesFolder);
            return new ReservedName(path, target, targetFolder, replaced);
        }
        catch
        {
            replaced?.Dispose();
            throw;
        }
    }

    /// <summary>Gives <see cref="Target"/> to a finished file in one step.</summary>
    /// <param name="file">The file, in the same folder.</param>
    /// <exception cref="QedFileExistsException">Another file has taken the name in the meantime, and keeps it.</exception>
    /// <exception cref="QedException">It could not be done.</exception>
    public void GiveTo(string file)
    {
        string? present = HostFiles.IdentityOf(Target);
        if (present is not null && present != ReplacedIdentity)
        {
            throw QedFileExistsException.ForConcurrentCreation(Path);
        }

        if (Platform.IsWindows)
        {
            Dispose(); // Windows cannot move a file over an open one
        }

        try
        {
            // A name that has become free is treated like one that was free: a file that takes it in the meantime keeps it.
            FileMove.Into(file, Target, replace: present is not null);
        }
        catch (Exception e) when (StorageErrors.IsHostError(e))
        {
            throw StorageErrors.Translate(e, Path, "create") is QedFileExistsException
                ? QedFileExistsException.ForConcurrentCreation(Path)
                : StorageErrors.Translate(e, Path, "create");
        }
    }

    /// <summary>Releases the file that has the name.</summary>
    public void Dispose()
    {
        _replaced?.Dispose();
        _replaced = null;
    }

    private static void RequireFolder(string folder, string path, bool makesFolder)
    {
        if (Directory.Exists(folder))
        {
            FolderAccess.RequireWritable(folder, path);
        }
        else if (makesFolder)
        {
            NewFolder.Require(folder);
        }
        else
        {
            throw new QedFileNotFoundException(folder);
        }
    }
}
