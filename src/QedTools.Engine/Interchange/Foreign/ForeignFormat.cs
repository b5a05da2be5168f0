using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange.Foreign;

/// <summary>
/// A format that is recognized but not read, so that its files are never taken for raw disks: reading one as raw would
/// show its metadata as the disk's contents. <see cref="ForeignFormats"/> lists them.
/// </summary>
/// <param name="name">Its name.</param>
/// <param name="phrase">What a file of it is, with the article, such as "an xz file".</param>
/// <param name="remedy">What to do with such a file, as a sentence.</param>
/// <param name="extensions">The extensions that mean it, with the dot, in lower case.</param>
/// <param name="signatures">Any of these identifies it; none if only the extension does.</param>
internal sealed class ForeignFormat(
    string name, string phrase, string remedy, IReadOnlyList<string> extensions, params ForeignSignature[] signatures) : IDiskFormat
{
    public QedDiskFormat? Kind => null;

    public string Name { get; } = name;

    /// <summary>What a file of it is, with the article, such as "an xz file".</summary>
    public string Phrase { get; } = phrase;

    /// <summary>What to do with such a file, as a sentence.</summary>
    public string Remedy { get; } = remedy;

    public IReadOnlyList<string> Extensions { get; } = extensions;

    /// <summary>Whether a raw disk may legitimately begin like this, because the format is used on disks and not around them.</summary>
    public bool IsDiskContent { get; init; }

    /// <summary>The format whose extensions its files also have; null for none.</summary>
    public string? SharesExtensionsOf { get; init; }

    public bool RefusesSparseFiles => false;

    public bool OverlaysKeepSize => false;

    public bool Recognizes(IStorage storage) => signatures.Length > 0
        ? signatures.Any(signature => signature.IsIn(storage))
        : Extensions.Contains(Path.GetExtension(storage.Path), StringComparer.OrdinalIgnoreCase);

    public IDiskLayer Open(IStorage storage) => throw Refusal(storage.Path);

    public NewDisk Resolve(string path, in DiskRequest request) => throw Refusal(path);

    /// <summary>The error for a file of this format.</summary>
    /// <param name="path">The file.</param>
    /// <param name="namedLike">The format that its extension means, if another one.</param>
    public QedUnsupportedFormatException Refusal(string path, string? namedLike = null) =>
        QedUnsupportedFormatException.ForFile(path, Name, Phrase, namedLike == SharesExtensionsOf ? null : namedLike, Remedy);
}
