using System;
using System.Threading;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange.Raw;

/// <summary>A raw file as the bottom layer of a chain.</summary>
internal sealed class RawLayer(IStorage storage) : IDiskLayer
{
    public IStorage Storage { get; } = storage;

    public string FormatName => RawFormat.FormatName;

    public long VirtualSize => Storage.Length;

    public BackingReference? Backing => null;

    // The unit in which most file systems keep holes.
    public int Granule => 4096;

    public int? AllocationUnit => null;

    public int SectorSize => 512;

    public Guid? ContentId => null;

    public IDisk ToDisk(IDisk? backing) => new RawDisk(Storage);

    public void RequireWritable(IProgress<OperationProgress>? progress, CancellationToken cancellation)
    {
    }

    public void BeginWriting(IProgress<OperationProgress>? progress, CancellationToken cancellation)
    {
    }

    public void EndWriting()
    {
        if (Storage.CanWrite)
        {
            Storage.Flush();
        }
    }

    public void Dispose() => Storage.Dispose();
}
