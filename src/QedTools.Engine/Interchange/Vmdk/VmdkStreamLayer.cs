using System;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange.Vmdk;

/// <summary>A new compressed disk (streamOptimized), which is written from front to back and can be read when it is complete.</summary>
internal sealed class VmdkStreamLayer : InterchangeLayer
{
    private readonly VmdkStreamWriter _writer;
    private readonly VmdkGrains _grains;
    private VmdkHostedExtent? _finished;

    private VmdkStreamLayer(IStorage storage, VmdkGrains grains, long virtualSize, VmdkStreamWriter writer)
        : base(storage)
    {
        VirtualSize = virtualSize;
        _grains = grains;
        _writer = writer;
    }

    public override string FormatName => VmdkFormat.FormatName;

    public override long VirtualSize { get; }

    public override int? AllocationUnit => _grains.GrainSize;

    public override int Granule => _grains.GrainSize;

    public override IDiskCompression? Compression => _writer;

    protected override QedFormatDetails Details => VmdkDescriptor.DetailsOf(VmdkDescriptor.Stream, _writer.ContentId, isCompressed: true);

    /// <summary>Begins a disk in an empty file.</summary>
    /// <param name="storage">The file.</param>
    /// <param name="virtualSize">The disk's size, in bytes: whole sectors.</param>
    /// <param name="fileName">The name that the file is to get, without a folder, which its descriptor records.</param>
    /// <param name="adapter">The disk controller that its descriptor names.</param>
    /// <exception cref="QedException">The file could not be written.</exception>
    public static VmdkStreamLayer Create(IStorage storage, long virtualSize, string fileName, QedAdapterType adapter)
    {
        VmdkGrains grains = VmdkGrains.Default;
        return new VmdkStreamLayer(storage, grains, virtualSize, VmdkStreamWriter.Begin(storage, grains, virtualSize, fileName, adapter));
    }

    public override IDisk ToDisk(IDisk? backing) => _finished?.ToDisk(backing) ?? new UnfinishedDisk(Storage, VirtualSize);

    public override void EndWriting()
    {
        if (_finished is null)
        {
            _writer.End();
            _finished = VmdkHostedExtent.Open(Storage, VmdkHostedExtent.ReadHeader(Storage), new VmdkTables(), new UnpackedBlocks());
        }
    }

    // Where the grains are stands behind them.
    private sealed class UnfinishedDisk(IStorage storage, long length) : InterchangeDisk(storage, VmdkFormat.FormatName, isNew: true, below: null)
    {
        public override long Length => length;

        protected override DiskRun GetRun(long offset, long length) => throw new InvalidOperationException("The disk can be read when it is complete.");
    }
}
