using System.Collections.Generic;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange.Raw;

/// <summary>Raw disks: a file whose bytes are the disk's.</summary>
internal sealed class RawFormat : IDiskFormat
{
    /// <summary>The format's name.</summary>
    public const string FormatName = "Raw";

    public string Name => FormatName;

    public IReadOnlyList<string> Extensions { get; } = [".raw", ".img"];

    /// <summary>True: any file can be raw, so this format is asked last.</summary>
    public bool Recognizes(IStorage storage) => true;

    public IDiskLayer Open(IStorage storage) => new RawLayer(storage);

    public void Create(IStorage storage, in NewDisk options) => storage.SetLength(options.VirtualSize);
}
