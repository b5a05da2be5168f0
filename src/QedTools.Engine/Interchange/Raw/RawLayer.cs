using System;
using System.Threading;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange.Raw;

/// <summary>A raw file as the bottom layer of a chain.</summary>
internal sealed class RawLayer(IStorage storage) : IDiskLayer
{
    private readonly RawDisk _disk = new(storage, canWrite: false);

    public IStorage Storage { get; } = storage;

    public string FormatName => RawFormat.FormatName;

    public long VirtualSize => _disk.Length;

    public long MaxVirtualSize => long.MaxValue;

    public FormatFacts? Facts => null;

    public BackingReference? Backing => null;

    public int Granule => HostPage.Size;

    public IDiskCompression? Compression => null;

    public int? AllocationUnit => null;

    public int SectorSize => Storage.DeviceSectorSize ?? Sector.Size;

    public Guid? ContentId => null;

    public void Follow(OperationTrace? trace, string path)
    {
    }

    public IDisk ToDisk(IDisk? backing) => _disk;

    public long CountWrongEntries(CancellationToken cancellation) => 0;

    public void RequireWritable(IProgress<OperationProgress>? progress, CancellationToken cancellation)
    {
    }

    public void BeginWriting(IProgress<OperationProgress>? progress, CancellationToken cancellation)
    {
        if (Storage.CanWrite)
        {
            _disk.AllowWriting();
        }
    }

    public void EndWriting()
    {
        if (_disk.CanWrite)
        {
            Storage.Flush();
        }
    }

    public void Dispose() => Storage.Dispose();
}
