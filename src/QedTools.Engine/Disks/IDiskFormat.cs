using System.Collections.Generic;
using QedTools.Storage;

namespace QedTools.Disks;

/// <summary>A file format for disks.</summary>
internal interface IDiskFormat
{
    /// <summary>What users call it when they choose it; null if it is only recognized.</summary>
    QedDiskFormat? Kind { get; }

    /// <summary>Its name, such as "QED".</summary>
    string Name { get; }

    /// <summary>The file name extensions that mean it, with the dot, in lower case; the first is the one to give.</summary>
    IReadOnlyList<string> Extensions { get; }

    /// <summary>Whether a file's contents are of this format.</summary>
    bool Recognizes(IStorage storage);

    /// <summary>Opens a file as a layer, which owns the storage from then on.</summary>
    /// <exception cref="QedException">It is not a valid file of this format; the storage is still the caller's then.</exception>
    IDiskLayer Open(IStorage storage);

    /// <summary>What comes of a wish for a new disk: what was not asked for filled in, the size rounded up to one that the format can have.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="wish">How the disk is to be.</param>
    /// <exception cref="QedLimitException">The format cannot have such a disk.</exception>
    NewDisk Settle(string path, in NewDisk wish);

    /// <summary>Writes an empty disk into an empty file and opens it for writing.</summary>
    /// <param name="storage">The file. It stays the caller's, who flushes it after <see cref="IDiskLayer.EndWriting"/> and does not dispose the layer.</param>
    /// <param name="disk">How the disk is to be, settled.</param>
    /// <exception cref="QedException">The file could not be written.</exception>
    IDiskLayer Create(IStorage storage, in NewDisk disk);
}
