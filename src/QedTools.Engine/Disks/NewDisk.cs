using System;
using QedTools.Storage;

namespace QedTools.Disks;

/// <summary>A disk that a format can create: the resolved request (<see cref="IDiskFormat.Resolve"/>).</summary>
/// <param name="VirtualSize">Its size, in bytes.</param>
/// <param name="Create">Writes it, empty, into an empty file and opens it for writing; throws a <see cref="QedException"/> on failure.
/// The caller still owns the file, flushes it after <see cref="IDiskLayer.EndWriting"/> and does not dispose the layer.</param>
internal sealed record NewDisk(long VirtualSize, Func<IStorage, IDiskLayer> Create)
{
    /// <summary>The size of the sectors that it presents, in bytes.</summary>
    public int SectorSize { get; init; } = Sector.Size;

    /// <summary>How long its file becomes; of a disk in two files, how long both become together.</summary>
    public required NewFileSize Size { get; init; }

    /// <summary>The second file, if the format keeps the data separately: <see cref="NewDiskData.Create"/> then writes the disk. Null for a disk in one file.</summary>
    public NewDiskData? Data { get; init; }

    /// <summary>The backing file that it names; null for none.</summary>
    public BackingReference? Backing { get; init; }
}
