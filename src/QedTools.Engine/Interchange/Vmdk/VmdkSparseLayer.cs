using System;
using System.Buffers.Binary;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange.Vmdk;

/// <summary>A hosted sparse extent with its descriptor in it, as a layer of a chain (monolithicSparse).</summary>
internal sealed class VmdkSparseLayer : InterchangeLayer
{
    private const VmdkFlags Known = VmdkFlags.LineEnds | VmdkFlags.RedundantTables | VmdkFlags.ZeroedGrains;
    private const long DescriptorOffset = 1;
    private const long DescriptorSectors = 20;

    private readonly VmdkGrains _grains;
    private readonly VmdkGrainMap _map;
    private readonly bool _hasZeroedGrains;
    private readonly VmdkDisk? _newDisk;

    private VmdkSparseLayer(IStorage storage, VmdkHeader header, VmdkDescriptor? descriptor, VmdkGrainMap map, VmdkDisk? newDisk)
        : base(storage)
    {
        VirtualSize = (long)header.Capacity * VmdkGrains.SectorSize;
        _grains = GrainsOf(header);
        _map = map;
        _hasZeroedGrains = (header.Flags & VmdkFlags.ZeroedGrains) != 0;
        _newDisk = newDisk;
        ContentId = VmdkDescriptor.ToIdentity(descriptor?.ContentId);
        Backing = descriptor?.ParentOf(VirtualSize);
    }

    public override string FormatName => VmdkFormat.FormatName;

    public override long VirtualSize { get; }

    public override BackingReference? Backing { get; }

    public override int? AllocationUnit => _grains.GrainSize;

    public override Guid? ContentId { get; }

    /// <summary>Reads and validates header and descriptor of a file.</summary>
    /// <exception cref="QedDamagedFileException">A field has a value that the format does not allow, or the file is cut short.</exception>
    /// <exception cref="QedUnsupportedFormatException">It is of a version or a kind that is not read.</exception>
    /// <exception cref="QedException">It could not be read.</exception>
    public static InterchangeLayer Open(IStorage storage)
    {
        byte[] bytes = new byte[VmdkHeader.Size];
        if (storage.Read(0, bytes) < bytes.Length)
        {
            throw Damaged(storage, "the header", "cut short", "512 bytes");
        }

        VmdkHeader header = VmdkHeader.Parse(bytes);
        Validate(storage, header, bytes);
        VmdkDescriptor descriptor = ReadDescriptor(storage, header);
        if (header.Capacity == 0)
        {
            return VmdkFlatLayer.Open(storage, descriptor);
        }

        VmdkGrains grains = GrainsOf(header);
        long tables = grains.TablesFor((long)header.Capacity * VmdkGrains.SectorSize);
        long most = (storage.Length - (tables * sizeof(uint))) / VmdkGrains.SectorSize;
        if (header.DirectoryOffset > long.MaxValue || (long)header.DirectoryOffset > most || most < 0)
        {
            throw Damaged(storage, "gdOffset", header.DirectoryOffset, $"up to {Math.Max(0, most)}, so that the grain directory lies in the file");
        }

        VmdkGrainMap map = new VmdkGrainMap.OfExtent(storage, grains, (long)header.DirectoryOffset * VmdkGrains.SectorSize, tables);
        return new VmdkSparseLayer(storage, header, descriptor, map, newDisk: null);
    }

    /// <summary>Writes an empty disk into an empty file.</summary>
    /// <param name="storage">The file.</param>
    /// <param name="disk">How it is to be, settled.</param>
    /// <exception cref="QedException">The file could not be written.</exception>
    public static VmdkSparseLayer Create(IStorage storage, in NewDisk disk)
    {
        VmdkGrains grains = VmdkGrains.Usual;
        long tables = grains.TablesFor(disk.VirtualSize);
        long directoryBytes = VmdkGrains.RoundUpToSector(tables * sizeof(uint));
        long second = (DescriptorOffset + DescriptorSectors) * VmdkGrains.SectorSize;
        long secondTables = second + directoryBytes;
        long first = secondTables + (tables * grains.TableBytes);
        long firstTables = first + directoryBytes;
        long end = grains.RoundUpToGrain(firstTables + (tables * grains.TableBytes));
        VmdkHeader header = new(
            Version: 1,
            VmdkFlags.LineEnds | VmdkFlags.RedundantTables,
            (ulong)(disk.VirtualSize / VmdkGrains.SectorSize),
            (ulong)(grains.GrainSize / VmdkGrains.SectorSize),
            (ulong)DescriptorOffset,
            (ulong)DescriptorSectors,
            (uint)grains.EntriesPerTable,
            (ulong)(second / VmdkGrains.SectorSize),
            (ulong)(first / VmdkGrains.SectorSize),
            (ulong)(end / VmdkGrains.SectorSize),
            IsUnclean: false,
            CompressAlgorithm: 0);
        byte[] start = new byte[second];
        header.WriteTo(start);
        VmdkDescriptor.Of(disk.FileName!, (long)header.Capacity, BinaryPrimitives.ReadUInt32LittleEndian(Guid.NewGuid().ToByteArray()))
            .CopyTo(start.AsSpan((int)DescriptorOffset * VmdkGrains.SectorSize));
        storage.Write(0, start);
        WriteDirectory(storage, second, secondTables, tables, grains);
        WriteDirectory(storage, first, firstTables, tables, grains);
        storage.SetLength(end);
        long count = tables * grains.EntriesPerTable;
        VmdkGrainMap.OfNewExtent map = new(
            new BlockTable(storage, firstTables, count, isBigEndian: false), new BlockTable(storage, secondTables, count, isBigEndian: false));
        VmdkDisk newDisk = new(storage, grains, map, disk.VirtualSize, hasZeroedGrains: false, parent: null) { End = end };
        return new VmdkSparseLayer(storage, header, descriptor: null, map, newDisk);
    }

    public override IDisk ToDisk(IDisk? backing) =>
        _newDisk ?? new VmdkDisk(Storage, _grains, _map, VirtualSize, _hasZeroedGrains, backing);

    public override void EndWriting()
    {
        if (_newDisk is null)
        {
            return;
        }

        ((VmdkGrainMap.OfNewExtent)_map).WriteBack();
        Storage.SetLength(_newDisk.End);
    }

    private static VmdkGrains GrainsOf(VmdkHeader header) =>
        new((int)header.GrainSize * VmdkGrains.SectorSize, (int)header.EntriesPerTable);

    private static void Validate(IStorage storage, VmdkHeader header, ReadOnlySpan<byte> bytes)
    {
        const ulong MostSectors = long.MaxValue / VmdkGrains.SectorSize / 2;
        if (header.Version is 0 or > 3)
        {
            throw QedUnsupportedFormatException.ForFeature(storage.Path, VmdkFormat.FormatName, $"version {header.Version}");
        }

        if ((header.Flags & (VmdkFlags.CompressedGrains | VmdkFlags.Markers)) != 0 || header.CompressAlgorithm != 0)
        {
            throw QedUnsupportedFormatException.ForFeature(storage.Path, VmdkFormat.FormatName, "compressed grains (streamOptimized)");
        }

        if ((header.Flags & ~Known) is not VmdkFlags.None and var unknown)
        {
            throw QedUnsupportedFormatException.ForFeature(storage.Path, VmdkFormat.FormatName, $"flags 0x{(uint)unknown:x}");
        }

        if ((header.Flags & VmdkFlags.LineEnds) != 0 && !VmdkHeader.HasLineEnds(bytes))
        {
            throw Damaged(storage, "the line ends in the header", "changed", "as written: the file was sent as text");
        }

        // Without capacity the file holds a descriptor, and perhaps the flat disk that it describes.
        if (header.Capacity == 0)
        {
            return;
        }

        if (header.Capacity > MostSectors)
        {
            throw Damaged(storage, "capacity", header.Capacity, $"1 to {MostSectors} sectors");
        }

        if (header.GrainSize is < 8 or > 1 << 17 || (header.GrainSize & (header.GrainSize - 1)) != 0)
        {
            throw Damaged(storage, "grainSize", header.GrainSize, "a power of two from 8 to 131072 sectors");
        }

        if (header.EntriesPerTable is 0 or > 1 << 16)
        {
            throw Damaged(storage, "numGTEsPerGT", header.EntriesPerTable, "1 to 65536");
        }
    }

    private static VmdkDescriptor ReadDescriptor(IStorage storage, VmdkHeader header)
    {
        if (header.DescriptorOffset == 0)
        {
            throw VmdkParts.ErrorFor(storage.Path);
        }

        ulong sectors = (ulong)storage.Length / VmdkGrains.SectorSize;
        if (header.DescriptorOffset >= sectors || header.DescriptorSize > sectors - header.DescriptorOffset)
        {
            throw Damaged(
                storage,
                "descriptorOffset",
                header.DescriptorOffset,
                $"one where {header.DescriptorSize} sectors lie inside the file's {sectors}");
        }

        if (header.DescriptorSize is 0 or > VmdkDescriptor.MaxBytes / VmdkGrains.SectorSize)
        {
            throw Damaged(storage, "descriptorSize", header.DescriptorSize, $"1 to {VmdkDescriptor.MaxBytes / VmdkGrains.SectorSize} sectors");
        }

        byte[] text = new byte[(int)header.DescriptorSize * VmdkGrains.SectorSize];
        storage.ReadExactly((long)header.DescriptorOffset * VmdkGrains.SectorSize, text);
        if (text[0] == 0)
        {
            // QEMU leaves room for a descriptor in the parts of a disk too.
            throw VmdkParts.TryErrorFor(storage.Path) as QedException
                ?? Damaged(storage, "the descriptor", "empty", "the text that describes the disk");
        }

        VmdkDescriptor descriptor = VmdkDescriptor.Parse(storage.Path, text);
        if (!descriptor.SaysParent)
        {
            // The disk may be an overlay, and would read wrong without what it lies over.
            throw Damaged(storage, "parentCID", "missing", "the CID of the parent, or ffffffff for none");
        }

        return header.Capacity == 0 || descriptor.Extents.Count == 1
            ? descriptor
            : throw QedUnsupportedFormatException.ForFeature(
                storage.Path, VmdkFormat.FormatName, $"its data in several files (createType \"{PrintableText.Of(descriptor.CreateType)}\", {descriptor.Extents.Count} extents)");
    }

    private static void WriteDirectory(IStorage storage, long offset, long tablesAt, long tables, VmdkGrains grains)
    {
        const int Most = 16 << 10;
        byte[] piece = new byte[(int)Math.Min(tables, Most) * sizeof(uint)];
        for (long first = 0; first < tables; first += Most)
        {
            int count = (int)Math.Min(Most, tables - first);
            for (int i = 0; i < count; i++)
            {
                uint sector = checked((uint)((tablesAt + ((first + i) * grains.TableBytes)) / VmdkGrains.SectorSize));
                BinaryPrimitives.WriteUInt32LittleEndian(piece.AsSpan(i * sizeof(uint)), sector);
            }

            storage.Write(offset + (first * sizeof(uint)), piece.AsSpan(0, count * sizeof(uint)));
        }
    }

    private static QedDamagedFileException Damaged(IStorage storage, string field, object value, string allowed) =>
        new(storage.Path, VmdkFormat.FormatName, field, value, allowed);
}
