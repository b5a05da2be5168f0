using System.Collections.Generic;
using QedTools.Storage;

namespace QedTools.Disks;

/// <summary>A file format for disks.</summary>
internal interface IDiskFormat
{
    /// <summary>Its name, such as "QED".</summary>
    string Name { get; }

    /// <summary>The file name extensions that mean it, with the dot, in lower case.</summary>
    IReadOnlyList<string> Extensions { get; }

    /// <summary>Whether a file's contents are of this format.</summary>
    bool Recognizes(IStorage storage);

    /// <summary>Opens a file as a layer, which owns the storage from then on.</summary>
    /// <exception cref="QedException">It is not a valid file of this format; the storage is still the caller's then.</exception>
    IDiskLayer Open(IStorage storage);

    /// <summary>Writes an empty disk into an empty file, which stays the caller's.</summary>
    /// <param name="storage">The file.</param>
    /// <param name="options">How the disk is to be.</param>
    /// <exception cref="QedLimitException">The format cannot have such a disk.</exception>
    /// <exception cref="QedException">The file could not be written.</exception>
    void Create(IStorage storage, in NewDisk options);
}
