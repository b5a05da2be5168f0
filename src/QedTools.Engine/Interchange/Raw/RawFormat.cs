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

    public bool RefusesSparseFiles => false;

    public bool OverlaysKeepSize => false;

    /// <summary>True: any file can be raw, so this format is tried last.</summary>
    public bool Recognizes(IStorage storage) => true;

    public IDiskLayer Open(IStorage storage) => new RawLayer(storage);

    // A raw file is always as long as its disk, so it is fixed in any case.
    public NewDisk Resolve(string path, in DiskRequest request)
    {
        request.RequireOnly(path, Name, DiskChoices.Fixed);
        long size = Sector.RoundUp(request.VirtualSize);
        return request.VirtualSize >= 0 && request.VirtualSize <= size
            ? new NewDisk(size, storage => Create(storage, size)) { Size = NewFileSize.Whole(size, Sector.Size, HostPage.Size) }
            : throw QedLimitException.ForDiskSize(path, request.VirtualSize, $"0 to {Sector.MaxSize} bytes in whole sectors of {Sector.Size}");
    }

    private static RawLayer Create(IStorage storage, long size)
    {
        storage.SetLength(size);
        RawLayer layer = new(storage);
        layer.BeginWriting(progress: null, CancellationToken.None);
        return layer;
    }
}
