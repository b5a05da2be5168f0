using System;
using System.IO;
using QedTools.Chains;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Operations;

/// <summary>A disk that can be written to in place of one that is only read. What is written is in a file without a name, which vanishes at the end.</summary>
internal sealed class TemporaryOverlay : IDisposable
{
    private readonly IStorage _storage;

    private TemporaryOverlay(IStorage storage, IDiskLayer layer, IDisk below)
    {
        _storage = storage;
        Disk = layer.ToDisk(below);
        Granule = layer.Granule;
    }

    /// <summary>The disk; up to a sector longer than the one below it.</summary>
    public IDisk Disk { get; }

    /// <summary>The unit in which it can forget data, in bytes.</summary>
    public int Granule { get; }

    /// <summary>Creates one in the folder for temporary files.</summary>
    /// <param name="below">The disk that is only read.</param>
    /// <param name="image">Its image: who may not use it may not use the overlay either.</param>
    /// <param name="trace">Receives decisions about the file; may be null.</param>
    /// <exception cref="QedException">It could not be created.</exception>
    public static TemporaryOverlay Create(IDisk below, string image, OperationTrace? trace)
    {
        string path = PartialFiles.Add(Path.GetTempPath());
        try
        {
            IStorage storage = HostFiles.CreateNew(path, usedLike: image, trace: trace);
            try
            {
                // From here on only this process can find it.
                HostFiles.Delete(path);
                NewDisk disk = DiskFormats.Qed.Resolve(path, new DiskRequest(below.Length));
                return new TemporaryOverlay(storage, disk.Create(new UnnamedStorage(storage, path)), below);
            }
            catch
            {
                storage.Dispose();
                throw;
            }
        }
        finally
        {
            PartialFiles.Remove(path);
        }
    }

    /// <summary>Removes the file, with everything that was written.</summary>
    public void Dispose() => _storage.Dispose();
}
