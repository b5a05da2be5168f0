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

    /// <summary>
    /// Whether the programs that the format belongs to refuse a file that its host marks as one that may have holes. Only
    /// Windows marks files so.
    /// </summary>
    bool RefusesSparseFiles { get; }

    /// <summary>Whether a file's contents are of this format.</summary>
    bool Recognizes(IStorage storage);

    /// <summary>Opens a file as a layer, which owns the storage from then on.</summary>
    /// <exception cref="QedException">It is not a valid file of this format; the storage is still the caller's then.</exception>
    IDiskLayer Open(IStorage storage);

    /// <summary>What comes of a request for a new disk: what was not asked for filled in, the size rounded up to one that the format can have.</summary>
    /// <param name="path">The file, for messages, and for its name where the format records it.</param>
    /// <param name="request">What is asked for.</param>
    /// <exception cref="QedRequestException">The format has nothing of what is asked for.</exception>
    /// <exception cref="QedLimitException">The format cannot have such a disk.</exception>
    NewDisk Settle(string path, in DiskRequest request);
}

/// <summary>A file format whose layers can do more than all layers can.</summary>
/// <typeparam name="TLayer">Its layers.</typeparam>
internal interface IDiskFormat<out TLayer> : IDiskFormat
    where TLayer : class, IDiskLayer
{
    /// <inheritdoc cref="IDiskFormat.Open"/>
    new TLayer Open(IStorage storage);
}
