using System;
using System.Collections.Generic;
using QedTools.Chains;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Operations;

/// <summary>The files of a new disk: the one that stands for it and, where the format has that, a second one with its data.</summary>
/// <remarks>
/// The data file gets its name first, and the other file last: until then nothing has the disk's name, or the disk that is replaced still has
/// it, with all its data. Therefore the data of a disk that is replaced is never overwritten: the new data gets a free name, and the old data
/// is deleted when no file refers to it any more.
/// </remarks>
internal sealed class NewDiskFiles : IDisposable
{
    private readonly ReservedName _name;
    private readonly NewDisk _disk;
    private readonly ReservedName? _dataName;
    private readonly List<IStorage> _oldData = [];
    private NewFile? _file;
    private NewFile? _data;

    private NewDiskFiles(ReservedName name, NewDisk disk, BackingChain source, DiskConversionOptions options)
    {
        _name = name;
        _disk = disk;
        if (disk.Data is not { } data)
        {
            return;
        }

        try
        {
            HoldOldData(data.Names, source, options.Trace);
            _dataName = ReservedName.Hold(ChooseDataPath(data.Names, source, options.Replace), options.Replace, options.MakeFolder, options.Trace);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Makes sure that the files could be created, and holds what is to be replaced.</summary>
    /// <param name="name">The name of the disk, held by the caller.</param>
    /// <param name="disk">The disk.</param>
    /// <param name="source">What is read meanwhile: none of its files is replaced or deleted.</param>
    /// <param name="options">How to convert.</param>
    /// <exception cref="QedFileExistsException">The data file exists and is not to be replaced.</exception>
    /// <exception cref="QedImageInUseException">The data of the disk to replace is in use.</exception>
    /// <exception cref="QedException">As for <see cref="ReservedName.Hold"/>.</exception>
    public static NewDiskFiles Hold(ReservedName name, NewDisk disk, BackingChain source, DiskConversionOptions options) =>
        new(name, disk, source, options);

    /// <summary>Creates the files, under temporary names, and the empty disk in them.</summary>
    /// <param name="mayBeSparse">Whether the host may mark the files as files that can have holes.</param>
    /// <param name="trace">Receives what was decided about the files; may be null.</param>
    /// <exception cref="QedException">They could not be created.</exception>
    public IDiskLayer Create(bool mayBeSparse, OperationTrace? trace)
    {
        if (_disk.Data is { } data)
        {
            // Those who may not read the disk that is replaced may not read the new data either, whatever its name.
            string? usedLike = _oldData.Count > 0 ? _oldData[0].Path : _name.ReplacedIdentity is null ? null : _name.Target;
            _data = NewFile.Create(_dataName!, mayBeSparse, trace, _dataName!.ReplacedIdentity is null ? usedLike : null);
        }

        _file = NewFile.Create(_name, mayBeSparse, trace);
        return _data is null ? _disk.Create(_file.Storage) : _disk.Data!.Create(_file.Storage, _data.Storage);
    }

    /// <summary>Gives back what the host holds for files that were expected to grow further: XFS does while a file is open.</summary>
    /// <exception cref="QedException">It could not be done.</exception>
    public void EndGrowth()
    {
        Trim(_file!.Storage);
        if (_data is not null)
        {
            Trim(_data.Storage);
        }

        static void Trim(IStorage storage) => storage.SetLength(storage.Length);
    }

    /// <summary>Gives the files their names, the one that stands for the disk last, and deletes the data of a disk that was replaced.</summary>
    /// <param name="flush">Whether files and names are on the disk when this returns.</param>
    /// <exception cref="QedException">It could not be done; nothing of the new disk is left then.</exception>
    public void Commit(bool flush)
    {
        _data?.Commit(flush);
        string? identity = _data is null ? null : HostFiles.IdentityOf(_dataName!.Target);
        try
        {
            _file!.Commit(flush);
        }
        catch
        {
            if (identity is not null && HostFiles.IdentityOf(_dataName!.Target) == identity)
            {
                HostFiles.Delete(_dataName.Target);
            }

            throw;
        }

        foreach (IStorage old in _oldData)
        {
            old.Dispose(); // Windows does not delete open files
            if (_disk.Data is { } data && !data.Names.IsUsed(old.Path))
            {
                HostFiles.Delete(old.Path);
            }
        }
    }

    /// <summary>Deletes the files unless they have their names.</summary>
    public void Dispose()
    {
        _file?.Dispose();
        _data?.Dispose();
        _dataName?.Dispose();
        foreach (IStorage old in _oldData)
        {
            old.Dispose();
        }
    }

    // So that nobody uses the data of the disk that is replaced when it is deleted.
    private void HoldOldData(IDataFiles names, BackingChain source, OperationTrace? trace)
    {
        if (_name.ReplacedIdentity is null)
        {
            return;
        }

        foreach (string path in names.Of(_name.Target))
        {
            if (IsRead(path, source))
            {
                throw new QedRequestException(
                    _name.Path,
                    "DestinationPath",
                    _name.Path,
                    "a file other than those that are read",
                    $"The disk in '{_name.Path}' has its data in '{path}', which is read while the result is written. Name another file.");
            }

            _oldData.Add(HostFiles.Open(path, StorageAccess.Write, trace));
        }
    }

    // A file that is not the data of a disk can be replaced; one that is keeps its name, whichever disk it belongs to.
    private string ChooseDataPath(IDataFiles names, BackingChain source, bool replace)
    {
        int number = 0;
        string path = names.PathFor(_name.Target, number);
        while (replace && HostFiles.IdentityOf(path) is not null && (IsRead(path, source) || names.IsUsed(path)))
        {
            number++;
            path = names.PathFor(_name.Target, number);
        }

        return path;
    }

    private static bool IsRead(string path, BackingChain source) => HostFiles.IdentityOf(path) is { } identity && source.Contains(identity);
}
