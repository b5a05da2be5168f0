using System;
using System.Threading;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange;

/// <summary>What the layers of formats that are read, but written only as a whole new file, have in common.</summary>
internal abstract class InterchangeLayer(IStorage storage) : IDiskLayer
{
    public IStorage Storage { get; } = storage;

    public abstract string FormatName { get; }

    public abstract long VirtualSize { get; }

    public long MaxVirtualSize => long.MaxValue;

    public virtual FormatFacts? Facts => new FormatFacts(Details);

    public virtual BackingReference? Backing => null;

    /// <summary>What the file says about itself.</summary>
    /// <exception cref="QedException">It is damaged or could not be read.</exception>
    protected abstract QedFormatDetails Details { get; }

    // The unwritten rest of a block in a new file is a hole.
    public virtual int Granule => HostPage.Size;

    public virtual IDiskCompression? Compression => null;

    public abstract int? AllocationUnit { get; }

    public virtual int SectorSize => Sector.Size;

    public virtual Guid? ContentId => null;

    public void Follow(OperationTrace? trace, string path)
    {
    }

    public abstract IDisk ToDisk(IDisk? backing);

    public long CountWrongEntries(CancellationToken cancellation) => 0;

    public void RequireWritable(IProgress<OperationProgress>? progress, CancellationToken cancellation) =>
        throw QedUnsupportedFormatException.ForWriting(Storage.Path, FormatName);

    public void BeginWriting(IProgress<OperationProgress>? progress, CancellationToken cancellation) =>
        RequireWritable(progress, cancellation);

    /// <summary>Writes what is still in memory to a new file; does nothing for a file that is only read.</summary>
    /// <exception cref="QedException">It could not be written.</exception>
    public abstract void EndWriting();

    public virtual void Dispose() => Storage.Dispose();
}
