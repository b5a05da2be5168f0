using System;
using System.Buffers.Binary;
using QedTools.Interchange.Vhdx.Format;
using QedTools.Storage;

namespace QedTools.Interchange.Vhdx;

/// <summary>What the metadata of a VHDX file says about the disk ([MS-VHDX], 2.6).</summary>
/// <param name="Geometry">The disk's sizes.</param>
/// <param name="IsFixed">Whether all blocks must stay allocated.</param>
/// <param name="Parent">Where the parent is; null if there is none.</param>
internal sealed record VhdxMetadata(VhdxGeometry Geometry, bool IsFixed, ParentLocator? Parent)
{
    // 2.6.1: the table is 64 KiB, and the items follow it.
    private const int TableSize = 64 << 10;
    private const int HeaderSize = 32;
    private const int MaxEntries = 2047;
    private const int MaxItemLength = 1 << 20;
    private const uint LeaveBlockAllocated = 1;
    private const uint HasParent = 2;
    private const int FixedItemsSize = 40;

    /// <summary>What identifies the disk, whatever happens to it (2.6.2.3).</summary>
    public Guid VirtualDiskId { get; init; }

    /// <summary>The size of the sectors that the disk says its medium has, in bytes (2.6.2.5).</summary>
    public uint PhysicalSectorSize { get; init; } = 4096;

    private static ReadOnlySpan<byte> Signature => "metadata"u8;

    /// <summary>Reads the metadata.</summary>
    /// <param name="file">The file, its log replayed.</param>
    /// <param name="region">The metadata region.</param>
    /// <exception cref="QedDamagedFileException">An item is missing or has a value that is not allowed.</exception>
    /// <exception cref="QedUnsupportedFormatException">A required item is not known.</exception>
    /// <exception cref="QedException">The file could not be read.</exception>
    public static VhdxMetadata Read(IStorage file, FileRegion region)
    {
        MetadataTableEntry[] entries = ReadTable(file, region);
        byte[] parameters = ReadItem(file, region, entries, MetadataTableEntry.FileParameters, "File Parameters", 8);
        uint blockSize = BinaryPrimitives.ReadUInt32LittleEndian(parameters);
        uint flags = BinaryPrimitives.ReadUInt32LittleEndian(parameters.AsSpan(4));
        uint sectorSize = BinaryPrimitives.ReadUInt32LittleEndian(
            ReadItem(file, region, entries, MetadataTableEntry.LogicalSectorSize, "Logical Sector Size", 4));
        ulong virtualSize = BinaryPrimitives.ReadUInt64LittleEndian(
            ReadItem(file, region, entries, MetadataTableEntry.VirtualDiskSize, "Virtual Disk Size", 8));
        VhdxDamage.Require(
            VhdxGeometry.IsBlockSize(blockSize), file.Path, "BlockSize", blockSize, "a power of two from 1 MiB (1048576) to 256 MiB (268435456)");
        VhdxDamage.Require(VhdxGeometry.IsSectorSize(sectorSize), file.Path, "LogicalSectorSize", sectorSize, "512 or 4096");
        VhdxDamage.Require(
            virtualSize <= VhdxGeometry.MaxVirtualSize && VhdxGeometry.IsVirtualSize((long)virtualSize, (int)sectorSize),
            file.Path,
            "VirtualDiskSize",
            virtualSize,
            $"a multiple of {sectorSize} up to 64 TiB ({VhdxGeometry.MaxVirtualSize})");
        ParentLocator? parent = (flags & HasParent) == 0
            ? null
            : ParentLocator.Parse(file.Path, ReadItem(file, region, entries, MetadataTableEntry.ParentLocator, "Parent Locator", ParentLocator.HeaderSize));
        VhdxMetadata metadata = new(
            new VhdxGeometry((long)virtualSize, (int)blockSize, (int)sectorSize), (flags & LeaveBlockAllocated) != 0, parent);

        // Reading needs neither of these; files that are created over this one get the same values.
        if (TryReadItem(file, region, entries, MetadataTableEntry.VirtualDiskId, "Virtual Disk ID", GuidBytes.Size) is { } id)
        {
            metadata = metadata with { VirtualDiskId = GuidBytes.Read(id) };
        }

        return TryReadItem(file, region, entries, MetadataTableEntry.PhysicalSectorSize, "Physical Sector Size", 4) is { } physical
            ? metadata with { PhysicalSectorSize = BinaryPrimitives.ReadUInt32LittleEndian(physical) }
            : metadata;
    }

    /// <summary>Writes the metadata of a new file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="offset">Where the metadata region is, in bytes; its contents are zero.</param>
    /// <exception cref="QedException">The file could not be written.</exception>
    public void Write(IStorage file, long offset)
    {
        byte[] locator = Parent?.ToItem() ?? [];
        ReadOnlySpan<MetadataTableEntry> entries =
        [
            new(MetadataTableEntry.FileParameters, TableSize, 8, MetadataItemFlags.IsRequired),
            new(MetadataTableEntry.VirtualDiskSize, TableSize + 8, 8, MetadataItemFlags.IsVirtualDisk | MetadataItemFlags.IsRequired),
            new(MetadataTableEntry.VirtualDiskId, TableSize + 16, 16, MetadataItemFlags.IsVirtualDisk | MetadataItemFlags.IsRequired),
            new(MetadataTableEntry.LogicalSectorSize, TableSize + 32, 4, MetadataItemFlags.IsVirtualDisk | MetadataItemFlags.IsRequired),
            new(MetadataTableEntry.PhysicalSectorSize, TableSize + 36, 4, MetadataItemFlags.IsVirtualDisk | MetadataItemFlags.IsRequired),
            new(MetadataTableEntry.ParentLocator, TableSize + FixedItemsSize, (uint)locator.Length, MetadataItemFlags.IsRequired),
        ];
        entries = Parent is null ? entries.Slice(0, entries.Length - 1) : entries;
        Span<byte> table = stackalloc byte[HeaderSize + (6 * MetadataTableEntry.Size)];
        table.Clear();
        Signature.CopyTo(table);
        BinaryPrimitives.WriteUInt16LittleEndian(table.Slice(10), (ushort)entries.Length);
        for (int i = 0; i < entries.Length; i++)
        {
            entries[i].WriteTo(table.Slice(HeaderSize + (i * MetadataTableEntry.Size)));
        }

        file.Write(offset, table);

        Span<byte> items = stackalloc byte[FixedItemsSize];
        BinaryPrimitives.WriteInt32LittleEndian(items, Geometry.BlockSize);
        BinaryPrimitives.WriteUInt32LittleEndian(items.Slice(4), (IsFixed ? LeaveBlockAllocated : 0) | (Parent is null ? 0 : HasParent));
        BinaryPrimitives.WriteInt64LittleEndian(items.Slice(8), Geometry.VirtualSize);
        GuidBytes.Write(VirtualDiskId, items.Slice(16));
        BinaryPrimitives.WriteInt32LittleEndian(items.Slice(32), Geometry.SectorSize);
        BinaryPrimitives.WriteUInt32LittleEndian(items.Slice(36), PhysicalSectorSize);
        file.Write(offset + TableSize, items);
        if (locator.Length > 0)
        {
            file.Write(offset + TableSize + FixedItemsSize, locator);
        }
    }

    private static MetadataTableEntry[] ReadTable(IStorage file, FileRegion region)
    {
        byte[] table = new byte[TableSize];
        file.ReadExactly(region.Start, table);
        if (!table.AsSpan().StartsWith(Signature))
        {
            throw VhdxDamage.OfHex(
                file.Path, "the metadata table's Signature", BinaryPrimitives.ReadUInt64LittleEndian(table), "\"metadata\" (0x617461646174656d)");
        }

        ushort count = BinaryPrimitives.ReadUInt16LittleEndian(table.AsSpan(10));
        VhdxDamage.Require(count <= MaxEntries, file.Path, "the metadata table's EntryCount", count, $"at most {MaxEntries}");
        MetadataTableEntry[] entries = new MetadataTableEntry[count];
        for (int i = 0; i < count; i++)
        {
            MetadataTableEntry entry = MetadataTableEntry.Parse(table.AsSpan(HeaderSize + (i * MetadataTableEntry.Size)));
            if ((entry.Flags & MetadataItemFlags.IsRequired) != 0 && !IsKnown(entry))
            {
                throw QedUnsupportedFormatException.ForFeature(file.Path, VhdxFormat.FormatName, $"the required metadata item {entry.ItemId}");
            }

            entries[i] = entry;
        }

        return entries;
    }

    private static bool IsKnown(in MetadataTableEntry entry) =>
        (entry.Flags & MetadataItemFlags.IsUser) == 0
        && (entry.ItemId == MetadataTableEntry.FileParameters
            || entry.ItemId == MetadataTableEntry.VirtualDiskSize
            || entry.ItemId == MetadataTableEntry.VirtualDiskId
            || entry.ItemId == MetadataTableEntry.LogicalSectorSize
            || entry.ItemId == MetadataTableEntry.PhysicalSectorSize
            || entry.ItemId == MetadataTableEntry.ParentLocator);

    private static byte[] ReadItem(
        IStorage file, FileRegion region, MetadataTableEntry[] entries, Guid id, string name, int leastLength) =>
        TryReadItem(file, region, entries, id, name, leastLength) ?? throw VhdxDamage.Of(file.Path, $"the number of metadata items {name}", 0, "1");

    // Null if it is not there. Items may be longer than what is known of them.
    private static byte[]? TryReadItem(
        IStorage file, FileRegion region, MetadataTableEntry[] entries, Guid id, string name, int minLength)
    {
        foreach (MetadataTableEntry entry in entries)
        {
            if (entry.ItemId != id || (entry.Flags & MetadataItemFlags.IsUser) != 0)
            {
                continue;
            }

            VhdxDamage.Require(
                entry.Length >= minLength && entry.Length <= MaxItemLength,
                file.Path, $"Length of the metadata item {name}", entry.Length, $"{minLength} to {MaxItemLength} bytes");
            VhdxDamage.Require(
                entry.Offset >= TableSize && entry.Offset + (long)entry.Length <= region.Length,
                file.Path, $"Offset of the metadata item {name}", entry.Offset, $"at least {TableSize}, with the item inside the region's {region.Length} bytes");
            byte[] item = new byte[entry.Length];
            file.ReadExactly(region.Start + entry.Offset, item);
            return item;
        }

        return null;
    }
}
