using System.Collections.Generic;
using QedTools.Storage;

namespace QedTools.Disks;

/// <summary>A file format for disks.</summary>
internal interface IDiskFormat
{
    /// <summary>The value that users choose it by; null if it is only recognized.</summary>
    QedDiskFormat? Kind { get; }

    /// <summary>Its name, such as "QED".</summary>
    string Name { get; }

    /// <summary>The file name extensions that mean it, with the dot, in lower case; the first is the one for new files.</summary>
    IReadOnlyList<string> Extensions { get; }

    /// <summary>
    /// Whether the programs that the format belongs to refuse a file that its host marks as sparse. Only Windows marks files this
    /// way.
    /// </summary>
    bool RefusesSparseFiles { get; }

    /// <summary>Whether an overlay must have the size of the disk below it.</summary>
    bool OverlaysKeepSize { get; }

    /// <summary>Whether a file's contents are of this format.</summary>
    bool Recognizes(IStorage storage);

    /// <summary>Opens a file as a layer, which owns the storage from then on.</summary>
    /// <exception cref="QedException">It is not a valid file of this format; the caller then still owns the storage.</exception>
    IDiskLayer Open(IStorage storage);

    /// <summary>Resolves a request for a new disk: fills in defaults, and rounds the size up to one that the format supports.</summary>
    /// <param name="path">The file, for messages, and for its name where the format records it.</param>
    /// <param name="request">The request.</param>
    /// <exception cref="QedRequestException">The format does not support something that is requested.</exception>
    /// <exception cref="QedLimitException">The format does not support such a disk.</exception>
    NewDisk Resolve(string path, in DiskRequest request);
}

/// <summary>A file format whose layers offer more than all layers do.</summary>
/// <typeparam name="TLayer">Its layers.</typeparam>
internal interface IDiskFormat<out TLayer> : IDiskFormat
    where TLayer : class, IDiskLayer
{
    /// <inheritdoc cref="IDiskFormat.Open"/>
    new TLayer Open(IStorage storage);
}
