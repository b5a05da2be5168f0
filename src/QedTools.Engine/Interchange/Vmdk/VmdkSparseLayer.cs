using System;
using System.Buffers.Binary;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange.Vmdk;

/// <summary>A hosted sparse extent with its descriptor in it, as a layer of a chain (monolithicSparse, streamOptimized).</summary>
internal sealed class VmdkSparseLayer : InterchangeLayer
{
    private const long DescriptorOffset = 1;
    private const long DescriptorSectors = 20;

    private readonly VmdkExtent? _extent;
    private readonly VmdkDisk? _newDisk;
    private readonly VmdkGrainMap.OfNewExtent? _newMap;

    private VmdkSparseLayer(IStorage storage, VmdkDescriptor descriptor, VmdkExtent extent, bool isCompressed)
        : base(storage)
    {
        // Of its data files the descriptor names only this one.
        Details = descriptor.ToDetails(isCompressed) with { DataFiles = new ResultList<string>([]) };
        _extent = extent;
        VirtualSize = extent.Length;
        AllocationUnit = extent.GrainSize;
        ContentId = VmdkDescriptor.ToIdentity(descriptor.ContentId);
        Backing = descriptor.ParentOf(VirtualSize);
    }

    private VmdkSparseLayer(IStorage storage, QedFormatDetails details, VmdkGrains grains, VmdkGrainMap.OfNewExtent newMap, VmdkDisk newDisk)
        : base(storage)
    {
        Details = details;
        _newMap = newMap;
        _newDisk = newDisk;
        VirtualSize = newDisk.Length;
        AllocationUnit = grains.GrainSize;
    }

    public override string FormatName => VmdkFormat.FormatName;

    public override long VirtualSize { get; }

    public override BackingReference? Backing { get; }

    public override int? AllocationUnit { get; }

    public override Guid? ContentId { get; }

    protected override QedFormatDetails Details { get; }

    /// <summary>Reads and validates header and descriptor of a file.</summary>
    /// <exception cref="QedDamagedFileException">A field has a value that the format does not allow, or the file is cut short.</exception>
    /// <exception cref="QedUnsupportedFormatException">It is of a version or a kind that is not read.</exception>
    /// <exception cref="QedException">It could not be read.</exception>
    public static InterchangeLayer Open(IStorage storage)
    {
        VmdkHeader header = VmdkHostedExtent.ReadHeader(storage);
        VmdkDescriptor descriptor = ReadDescriptor(storage, header);
        return header.Capacity == 0
            ? VmdkExtentsLayer.OpenEmbedded(storage, descriptor)
            : new VmdkSparseLayer(storage, descriptor, VmdkHostedExtent.Open(storage, header, new VmdkTables(), new UnpackedBlocks()), (header.Flags & VmdkFlags.CompressedGrains) != 0);
    }

    /// <summary>Writes an empty disk into an empty file.</summary>
    /// <param name="storage">The file.</param>
    /// <param name="virtualSize">The disk's size, in bytes: whole sectors.</param>
    /// <param name="fileName">The name that the file will get, without a folder, which its descriptor records.</param>
    /// <param name="adapter">The disk controller that its descriptor names.</param>
    /// <exception cref="QedException">The file could not be written.</exception>
    public static VmdkSparseLayer Create(IStorage storage, long virtualSize, string fileName, QedAdapterType adapter)
    {
        VmdkGrains grains = VmdkGrains.Default;
        long tables = grains.TablesFor(virtualSize);
        long second = (DescriptorOffset + DescriptorSectors) * Sector.Size;
        long secondTables = second + DirectoryBytesFor(tables);
        long first = secondTables + (tables * grains.TableBytes);
        long firstTables = first + DirectoryBytesFor(tables);
        long end = FirstGrainFor(grains, virtualSize);
        VmdkHeader header = new(
            Version: 1,
            VmdkFlags.LineEnds | VmdkFlags.RedundantTables,
            (ulong)(virtualSize / Sector.Size),
            (ulong)(grains.GrainSize / Sector.Size),
            (ulong)DescriptorOffset,
            (ulong)DescriptorSectors,
            (uint)grains.EntriesPerTable,
            (ulong)(second / Sector.Size),
            (ulong)(first / Sector.Size),
            (ulong)(end / Sector.Size),
            IsUnclean: false,
            CompressAlgorithm: 0);
        byte[] start = new byte[second];
        header.WriteTo(start);
        uint contentId = VmdkDescriptor.NewContentId();
        VmdkDescriptor.Of(VmdkDescriptor.Sparse, fileName, (long)header.Capacity, contentId, adapter)
            .CopyTo(start.AsSpan((int)DescriptorOffset * Sector.Size));
        storage.Write(0, start);
        WriteDirectory(storage, second, secondTables, tables, grains);
        WriteDirectory(storage, first, firstTables, tables, grains);
        storage.SetLength(end);
        long count = tables * grains.EntriesPerTable;
        VmdkGrainMap.OfNewExtent map = new(
            new BlockTable(storage, firstTables, count, isBigEndian: false), new BlockTable(storage, secondTables, count, isBigEndian: false));
        VmdkDisk newDisk = new(storage, grains, map, virtualSize, end, hasZeroedGrains: false, compressed: null, parent: null) { End = end };
        QedFormatDetails details = VmdkDescriptor.DetailsOf(VmdkDescriptor.Sparse, contentId, isCompressed: false);
        return new VmdkSparseLayer(storage, details, grains, map, newDisk);
    }

    /// <summary>How long a new file becomes.</summary>
    /// <param name="virtualSize">The disk's size, in bytes: whole sectors.</param>
    public static NewFileSize SizeOf(long virtualSize)
    {
        VmdkGrains grains = VmdkGrains.Default;
        long start = FirstGrainFor(grains, virtualSize);
        return new NewFileSize(grains.GrainSize, HostPage.Size, (count, _) => start + (count * grains.GrainSize));
    }

    public override IDisk ToDisk(IDisk? backing) => _newDisk ?? _extent!.ToDisk(backing);

    public override void EndWriting()
    {
        if (_newDisk is null)
        {
            return;
        }

        _newMap!.WriteBack();
        Storage.SetLength(_newDisk.End);
    }

    private static long DirectoryBytesFor(long tables) => Sector.RoundUp(tables * sizeof(uint));

    // Header and descriptor come first, then two directories, each with all its tables.
    private static long FirstGrainFor(in VmdkGrains grains, long virtualSize)
    {
        long tables = grains.TablesFor(virtualSize);
        return grains.RoundUpToGrain(
            ((DescriptorOffset + DescriptorSectors) * Sector.Size) + (2 * (DirectoryBytesFor(tables) + (tables * grains.TableBytes))));
    }

    private static VmdkDescriptor ReadDescriptor(IStorage storage, VmdkHeader header)
    {
        if (header.DescriptorOffset == 0)
        {
            throw VmdkParts.ErrorFor(storage.Path);
        }

        ulong sectors = (ulong)storage.Length / Sector.Size;
        if (header.DescriptorOffset >= sectors || header.DescriptorSize > sectors - header.DescriptorOffset)
        {
            throw Damaged(
                storage,
                "descriptorOffset",
                header.DescriptorOffset,
                $"one where {header.DescriptorSize} sectors are inside the file's {sectors}");
        }

        if (header.DescriptorSize is 0 or > VmdkDescriptor.MaxBytes / Sector.Size)
        {
            throw Damaged(storage, "descriptorSize", header.DescriptorSize, $"1 to {VmdkDescriptor.MaxBytes / Sector.Size} sectors");
        }

        byte[] text = new byte[(int)header.DescriptorSize * Sector.Size];
        storage.ReadExactly((long)header.DescriptorOffset * Sector.Size, text);
        if (text[0] == 0)
        {
            // QEMU leaves space for a descriptor in the parts of a disk too.
            throw VmdkParts.TryErrorFor(storage.Path) as QedException
                ?? Damaged(storage, "the descriptor", "empty", "the text that describes the disk");
        }

        VmdkDescriptor descriptor = VmdkDescriptor.Parse(storage.Path, text);
        if (!descriptor.StatesParent)
        {
            // The disk may be an overlay, and would read wrong without its parent.
            throw Damaged(storage, "parentCID", "missing", "the CID of the parent, or ffffffff for none");
        }

        return header.Capacity == 0 || descriptor.Extents.Count == 1
            ? descriptor
            : throw QedUnsupportedFormatException.ForFeature(
                storage.Path, VmdkFormat.FormatName, $"its data in several files (createType \"{PrintableText.Of(descriptor.CreateType)}\", {descriptor.Extents.Count} extents)");
    }

    private static void WriteDirectory(IStorage storage, long offset, long tablesAt, long tables, VmdkGrains grains)
    {
        const int MaxEntries = 16 << 10;
        byte[] piece = new byte[(int)Math.Min(tables, MaxEntries) * sizeof(uint)];
        for (long first = 0; first < tables; first += MaxEntries)
        {
            int count = (int)Math.Min(MaxEntries, tables - first);
            for (int i = 0; i < count; i++)
            {
                uint sector = checked((uint)((tablesAt + ((first + i) * grains.TableBytes)) / Sector.Size));
                BinaryPrimitives.WriteUInt32LittleEndian(piece.AsSpan(i * sizeof(uint)), sector);
            }

            storage.Write(offset + (first * sizeof(uint)), piece.AsSpan(0, count * sizeof(uint)));
        }
    }

    private static QedDamagedFileException Damaged(IStorage storage, string field, object value, string allowed) =>
        new(storage.Path, VmdkFormat.FormatName, field, value, allowed);
}
