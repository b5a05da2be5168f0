using System.Collections.Generic;
using System.Threading;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange.Raw;

/// <summary>Raw disks: a file whose bytes are the disk's.</summary>
internal sealed class RawFormat : IDiskFormat
{
    /// <summary>The format's name.</summary>
    public const string FormatName = "Raw";

    public QedDiskFormat? Kind => QedDiskFormat.Raw;

    public string Name => FormatName;

    public IReadOnlyList<string> Extensions { get; } = [".raw", ".img", ".dd", ".iso"];

    /// <summary>True: any file can be raw, so this format is asked last.</summary>
    public bool Recognizes(IStorage storage) => true;

    public IDiskLayer Open(IStorage storage) => new RawLayer(storage);

    // A raw file is as long as its disk in any case.
    public NewDisk Settle(string path, in NewDisk wish)
    {
        wish.RequireOnly(path, Name, NewDiskChoices.Fixed);
        return wish;
    }

    public IDiskLayer Create(IStorage storage, in NewDisk disk)
    {
        storage.SetLength(disk.VirtualSize);
        RawLayer layer = new(storage);
        layer.BeginWriting(progress: null, CancellationToken.None);
        return layer;
    }
}
