using System;
using QedTools.Storage.Native;

namespace QedTools.Storage;

/// <summary>A file that appears complete or not at all: it is built under a temporary name and given its real name when finished.</summary>
internal sealed class NewFile : IDisposable
{
    private const int MaxAttempts = 5;

    private readonly ReservedName _name;
    private readonly bool _ownsName;
    private readonly string _partial;
    private readonly IStorage _storage;
    private bool _finished;

    private NewFile(ReservedName name, bool ownsName, string partial, IStorage storage)
    {
        _name = name;
        _ownsName = ownsName;
        _partial = partial;
        _storage = storage;
        Storage = new UnnamedStorage(storage, name.Path);
    }

    /// <summary>The file being built, open for writing until <see cref="Commit"/>.</summary>
    /// <remarks>Its flushes are deferred to <see cref="Commit"/>, and its path is its final name.</remarks>
    public IStorage Storage { get; }

    /// <summary>Starts a new file in the folder of <paramref name="path"/>.</summary>
    /// <param name="path">Its final name.</param>
    /// <param name="replace">Whether a file of that name may be replaced; it is locked against other users in the meantime.</param>
    /// <exception cref="QedException">As for <see cref="ReservedName.Hold"/>, or the file could not be created.</exception>
    public static NewFile Create(string path, bool replace)
    {
        ReservedName name = ReservedName.Hold(path, replace);
        try
        {
            return Create(name, ownsName: true, mayBeSparse: true, usedLike: null, trace: null);
        }
        catch
        {
            name.Dispose();
            throw;
        }
    }

    /// <summary>Starts a new file for a reserved name.</summary>
    /// <param name="name">The name, held until the file has it. Its folder must exist by now.</param>
    /// <param name="mayBeSparse">Whether the host may mark it as sparse.</param>
    /// <param name="trace">Receives decisions about the file; may be null.</param>
    /// <param name="usedLike">An existing file: those who may not use it may not use the new one either. Null: the file that is replaced, if there is one.</param>
    /// <exception cref="QedException">It could not be created.</exception>
    public static NewFile Create(ReservedName name, bool mayBeSparse = true, OperationTrace? trace = null, string? usedLike = null) =>
        Create(name, ownsName: false, mayBeSparse, usedLike, trace);

    /// <summary>Makes sure that a file of that name could be created.</summary>
    /// <param name="path">Its name.</param>
    /// <param name="replace">Whether a file of that name may be replaced.</param>
    /// <exception cref="QedException">As for <see cref="ReservedName.Hold"/>.</exception>
    public static void RequireFreeName(string path, bool replace) => ReservedName.Hold(path, replace).Dispose();

    /// <summary>Gives the file its name, in one step, and closes it.</summary>
    /// <param name="flush">
    /// Whether file and name are on the disk when this returns. If not, a power cut soon after can leave the name with part of
    /// the file, or with the file that had the name before.
    /// </param>
    /// <exception cref="QedException">It could not be done; nothing is left of the new file.</exception>
    public void Commit(bool flush = true)
    {
        if (flush)
        {
            _storage.Flush();
        }

        // The file stays open until it has its name: its lock tells other processes that it is not a leftover.
        if (Platform.IsWindows && _name.ReplacedIdentity is not null)
        {
            _storage.Dispose(); // but .NET Framework cannot replace a file with one that is open
        }

        _name.GiveTo(_partial);
        _finished = true;
        PartialFiles.Remove(_partial);
        _storage.Dispose();
        if (flush)
        {
            FolderFlush.Flush(_name.Folder);
        }
    }

    /// <summary>Removes the partial file unless it was committed.</summary>
    public void Dispose()
    {
        _storage.Dispose();
        if (!_finished)
        {
            HostFiles.Delete(_partial);
            PartialFiles.Remove(_partial);
        }

        if (_ownsName)
        {
            _name.Dispose();
        }
    }

    private static NewFile Create(ReservedName name, bool ownsName, bool mayBeSparse, string? usedLike, OperationTrace? trace)
    {
        PartialFiles.Sweep(name.Folder, trace);
        usedLike ??= name.ReplacedIdentity is null ? null : name.Target;
        for (int attempt = 1; ; attempt++)
        {
            string partial = PartialFiles.Add(name.Folder);
            try
            {
                IStorage storage = HostFiles.CreateNew(partial, mayBeSparse, usedLike, shownAs: name.Path, trace);
                if (HostFiles.IdentityOf(partial) == storage.Identity || attempt == MaxAttempts)
                {
                    return new NewFile(name, ownsName, partial, storage);
                }

                storage.Dispose();
            }
            catch (QedImageInUseException) when (attempt < MaxAttempts)
            {
                // Another process took it for a leftover before it was locked.
            }
            catch
            {
                PartialFiles.Remove(partial);
                throw;
            }

            PartialFiles.Remove(partial);
        }
    }
}
