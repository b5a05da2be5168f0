using System;
using System.Collections.Generic;
using QedTools.Disks;
using QedTools.Interchange.Vhdx.Format;
using QedTools.Interchange.Vhdx.Log;
using QedTools.Storage;

namespace QedTools.Interchange.Vhdx;

/// <summary>A VHDX file as a layer: read with its log replayed in memory, or being written as a new file.</summary>
internal sealed class VhdxLayer : InterchangeLayer
{
    // The layout of a new file before its blocks. The metadata and the log are as short as they can be.
    private const long LogOffset = FileRegions.HeaderSectionLength;
    private const uint LogLength = VhdxGeometry.Alignment;
    private const long MetadataOffset = LogOffset + LogLength;
    private const uint MetadataLength = VhdxGeometry.Alignment;
    private const long BatOffset = MetadataOffset + MetadataLength;
    private const string Creator = "QedTools";

    private readonly VhdxMetadata _metadata;
    private readonly BackingReference? _backing;
    private readonly Guid _dataWriteGuid;

    // The file is read through the replayed one, which is the storage itself if there is nothing to replay.
    private VhdxLayer(IStorage storage, IStorage file, in VhdxHeader header, FileRegions regions, VhdxMetadata metadata, bool isNew)
        : base(storage)
    {
        File = file;
        _metadata = metadata;
        _dataWriteGuid = header.DataWriteGuid;
        _backing = metadata.Parent?.ToReference(storage.Path) is { } parent ? parent with { MinVirtualSize = metadata.Geometry.VirtualSize } : null;
        Map = new BlockMap(file, regions, metadata.Geometry, metadata.Parent is not null, isNew);
        IsNew = isNew;
    }

    public override string FormatName => VhdxFormat.FormatName;

    public override long VirtualSize => Geometry.VirtualSize;

    public override BackingReference? Backing => _backing;

    public override int? AllocationUnit => Geometry.BlockSize;

    public override FormatFacts? Facts => new VhdxFacts(Details, Geometry, _dataWriteGuid, _metadata.VirtualDiskId, _metadata.PhysicalSectorSize);

    // A differencing file holds single sectors.
    public override int Granule => _metadata.Parent is null ? base.Granule : SectorSize;

    public override int SectorSize => Geometry.SectorSize;

    public override Guid? ContentId => _dataWriteGuid;

    protected override QedFormatDetails Details => new()
    {
        Subformat = _metadata.Parent is not null ? "differencing" : _metadata.IsFixed ? "fixed" : "dynamic",
        Version = "1",
        LogicalSectorSize = SectorSize,
        Identifier = _dataWriteGuid.ToString(),
        ParentIdentifier = _backing?.ContentId?.ToString(),
        IsLogReplayed = File != Storage,
    };

    /// <summary>The disk's sizes.</summary>
    public VhdxGeometry Geometry => _metadata.Geometry;

    /// <summary>The file with its log replayed.</summary>
    public IStorage File { get; }

    /// <summary>What the file holds of the disk.</summary>
    public BlockMap Map { get; }

    /// <summary>Whether the file is a new one, which may be written to.</summary>
    public bool IsNew { get; }

    /// <summary>Reads and checks the structures before the blocks of a file.</summary>
    /// <param name="storage">The file; the layer owns it once this returns.</param>
    /// <exception cref="QedDamagedFileException">It is not a VHDX file, or is damaged.</exception>
    /// <exception cref="QedUnsupportedFormatException">It requires something that is not known.</exception>
    /// <exception cref="QedException">It could not be read.</exception>
    public static VhdxLayer Open(IStorage storage)
    {
        Span<byte> start = stackalloc byte[8];
        int count = storage.Read(0, start);
        if (!start.Slice(0, count).SequenceEqual(FileTypeIdentifier.Signature))
        {
            throw VhdxDamage.Of(storage.Path, "the start of the file", Describe(start.Slice(0, count)), "\"vhdxfile\"");
        }

        VhdxHeader header = ReadHeader(storage);
        IStorage file = LogReplay.Over(storage, header);
        FileRegions regions = new(storage.Path, file.Length, header, ReadRegionTable(file));
        return new VhdxLayer(storage, file, header, regions, VhdxMetadata.Read(file, regions.Metadata), isNew: false);
    }

    /// <summary>Writes an empty disk into an empty file.</summary>
    /// <param name="storage">The file.</param>
    /// <param name="metadata">The disk's sizes, and its parent. If the disk is fixed, all blocks are allocated now.</param>
    /// <exception cref="QedException">The file could not be written.</exception>
    public static VhdxLayer Create(IStorage storage, VhdxMetadata metadata)
    {
        VhdxGeometry geometry = metadata.Geometry;
        long batLength = BatLengthFor(geometry, metadata.Parent is not null);
        VhdxHeader header = new(
            SequenceNumber: 1, Guid.NewGuid(), Guid.NewGuid(), LogGuid: Guid.Empty, LogVersion: 0, VhdxHeader.OnlyVersion, LogLength, (ulong)LogOffset);
        RegionTableEntry[] entries =
        [
            new(RegionTableEntry.Bat, (ulong)BatOffset, (uint)batLength, IsRequired: true),
            new(RegionTableEntry.Metadata, (ulong)MetadataOffset, MetadataLength, IsRequired: true),
        ];
        WriteHeaderSection(storage, header, entries);
        metadata.Write(storage, MetadataOffset);
        storage.SetLength(BatOffset + batLength);

        FileRegions regions = new(storage.Path, storage.Length, header, entries);
        VhdxLayer layer = new(storage, storage, header, regions, metadata, isNew: true);
        for (long block = 0; metadata.IsFixed && block < geometry.PayloadBlocks; block++)
        {
            layer.Map.Allocate(block);
        }

        return layer;
    }

    /// <summary>How long a new file becomes.</summary>
    /// <param name="metadata">The disk's sizes, and its parent.</param>
    public static NewFileSize SizeOf(VhdxMetadata metadata)
    {
        VhdxGeometry geometry = metadata.Geometry;
        long start = BatOffset + BatLengthFor(geometry, metadata.Parent is not null);
        if (metadata.Parent is not null)
        {
            return new NewFileSize(
                geometry.BlockSize,
                geometry.SectorSize,
                (blocks, bitmaps) => start + (blocks * geometry.BlockSize) + (bitmaps * VhdxGeometry.SectorBitmapBlockSize))
            {
                UnitsPerTable = geometry.ChunkRatio,
                IsDifferencing = true,
            };
        }

        return metadata.IsFixed
            ? NewFileSize.Whole(start + (geometry.PayloadBlocks * geometry.BlockSize), geometry.BlockSize, HostPage.Size)
            : new NewFileSize(geometry.BlockSize, HostPage.Size, (blocks, _) => start + (blocks * geometry.BlockSize));
    }

    public override IDisk ToDisk(IDisk? backing) => new VhdxDisk(this, backing);

    public override void EndWriting()
    {
        if (IsNew)
        {
            Map.WriteBack();
        }
    }

    private static long BatLengthFor(in VhdxGeometry geometry, bool hasParent) =>
        VhdxGeometry.AlignUp((hasParent ? geometry.BatEntriesWithParent : geometry.BatEntries) * BatEntry.Size);

    private static VhdxHeader ReadHeader(IStorage storage)
    {
        byte[] bytes = new byte[VhdxHeader.Size];
        VhdxHeader header = VhdxHeader.Current(ReadHeader(storage, VhdxHeader.FirstOffset, bytes), ReadHeader(storage, VhdxHeader.SecondOffset, bytes))
            ?? throw VhdxDamage.Of(storage.Path, "the number of current headers", 0, "1, of the two at 65536 and 131072");
        return header.Version == VhdxHeader.OnlyVersion
            ? header
            : throw QedUnsupportedFormatException.ForFeature(storage.Path, VhdxFormat.FormatName, $"version {header.Version} of the format");
    }

    private static VhdxHeader? ReadHeader(IStorage storage, long offset, byte[] bytes) =>
        storage.Read(offset, bytes) == bytes.Length ? VhdxHeader.Parse(bytes) : null;

    private static RegionTableEntry[] ReadRegionTable(IStorage file)
    {
        byte[] bytes = new byte[RegionTable.Size];
        foreach (long offset in new[] { RegionTable.FirstOffset, RegionTable.SecondOffset })
        {
            if (file.Read(offset, bytes) == bytes.Length && RegionTable.Parse(bytes) is { } entries)
            {
                return entries;
            }
        }

        throw VhdxDamage.Of(file.Path, "the number of intact region tables", 0, "at least 1, of the two at 196608 and 262144");
    }

    private static void WriteHeaderSection(IStorage storage, in VhdxHeader header, RegionTableEntry[] entries)
    {
        byte[] bytes = new byte[RegionTable.Size];
        FileTypeIdentifier.Write(bytes, Creator);
        storage.Write(0, bytes.AsSpan(0, FileTypeIdentifier.Size));
        foreach ((long offset, VhdxHeader copy) in new[] { (VhdxHeader.FirstOffset, header), (VhdxHeader.SecondOffset, header with { SequenceNumber = 2 }) })
        {
            Array.Clear(bytes, 0, bytes.Length);
            copy.WriteTo(bytes);
            storage.Write(offset, bytes.AsSpan(0, VhdxHeader.Size));
        }

        Array.Clear(bytes, 0, bytes.Length);
        int used = RegionTable.Write(bytes, entries);
        storage.Write(RegionTable.FirstOffset, bytes.AsSpan(0, used));
        storage.Write(RegionTable.SecondOffset, bytes.AsSpan(0, used));
    }

    private static string Describe(ReadOnlySpan<byte> start)
    {
        List<string> bytes = [];
        foreach (byte value in start)
        {
            bytes.Add(value.ToString("x2", System.Globalization.CultureInfo.InvariantCulture));
        }

        return bytes.Count == 0 ? "missing" : string.Join(" ", bytes);
    }
}
