using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange.Vhd;

/// <summary>A VHD file as a layer of a chain.</summary>
internal sealed class VhdLayer : InterchangeLayer
{
    private const long TableOffset = VhdFooter.Size + VhdDynamicHeader.Size;

    private readonly VhdFooter _footer;
    private readonly VhdBlocks? _blocks;
    private readonly VhdBlockMap? _map;
    private readonly bool _isNew;

    private VhdLayer(IStorage storage, VhdFooter footer, VhdBlocks? blocks, VhdBlockMap? map, BackingReference? backing, bool isNew)
        : base(storage)
    {
        _footer = footer;
        _blocks = blocks;
        _map = map;
        _isNew = isNew;
        Backing = backing;
    }

    public override string FormatName => VhdFormat.FormatName;

    public override long VirtualSize => (long)_footer.CurrentSize;

    public override BackingReference? Backing { get; }

    public override int? AllocationUnit => _blocks?.BlockSize;

    public override Guid? ContentId => _footer.UniqueId;

    public override FormatFacts? Facts => new VhdFacts(Details, _footer.UniqueId);

    // A differencing file holds single sectors.
    public override int Granule => Backing is null ? base.Granule : Sector.Size;

    protected override QedFormatDetails Details => new()
    {
        Subformat = _footer.DiskType switch
        {
            VhdDiskType.Fixed => "fixed",
            VhdDiskType.Dynamic => "dynamic",
            _ => "differencing",
        },
        Version = "1.0",
        LogicalSectorSize = SectorSize,
        Identifier = _footer.UniqueId.ToString(),
        ParentIdentifier = Backing?.ContentId?.ToString(),
    };

    /// <summary>Reads and validates footer and header of a file.</summary>
    /// <exception cref="QedDamagedFileException">A field has a value that the format does not allow, or the file is cut short.</exception>
    /// <exception cref="QedException">It could not be read.</exception>
    public static VhdLayer Open(IStorage storage)
    {
        VhdFooter footer = ReadFooter(storage, out int footerSize);
        if (footer.Version != VhdFooter.KnownVersion)
        {
            throw Damaged(storage, "File Format Version", footer.Version, $"{VhdFooter.KnownVersion}");
        }

        if (footer.CurrentSize > long.MaxValue || footer.CurrentSize % Sector.Size != 0)
        {
            throw Damaged(storage, "Current Size", footer.CurrentSize, "a multiple of 512");
        }

        switch (footer.DiskType)
        {
            case VhdDiskType.Fixed:
                return (long)footer.CurrentSize <= storage.Length - footerSize
                    ? new VhdLayer(storage, footer, blocks: null, map: null, backing: null, isNew: false)
                    : throw Damaged(storage, "Current Size", footer.CurrentSize, $"at most {storage.Length - footerSize}, which is what the file holds");
            case VhdDiskType.Dynamic:
            case VhdDiskType.Differencing:
                return OpenBlocks(storage, footer);
            default:
                throw Damaged(storage, "Disk Type", (uint)footer.DiskType, "2 (fixed), 3 (dynamic) or 4 (differencing)");
        }
    }

    /// <summary>Writes an empty disk into an empty file that is as long as the disk from the start.</summary>
    /// <param name="storage">The file.</param>
    /// <param name="virtualSize">The disk's size, in bytes: whole sectors.</param>
    /// <exception cref="QedException">The file could not be written.</exception>
    public static VhdLayer CreateFixed(IStorage storage, long virtualSize)
    {
        storage.SetLength(virtualSize);
        return new VhdLayer(storage, NewFooter(virtualSize, VhdDiskType.Fixed, VhdFooter.NoOffset), blocks: null, map: null, backing: null, isNew: true);
    }

    /// <summary>Writes an empty disk into an empty file that grows with what is written.</summary>
    /// <param name="storage">The file.</param>
    /// <param name="virtualSize">The disk's size, in bytes: whole sectors.</param>
    /// <param name="blockSize">A block's size, in bytes.</param>
    /// <param name="parent">The file that shows where nothing is written; null for none.</param>
    /// <exception cref="QedException">The file could not be written.</exception>
    public static VhdLayer CreateDynamic(IStorage storage, long virtualSize, int blockSize, VhdParent? parent)
    {
        VhdFooter footer = NewFooter(virtualSize, parent is null ? VhdDiskType.Dynamic : VhdDiskType.Differencing, VhdFooter.Size);
        VhdBlocks blocks = new(blockSize);
        long end = BlockTable.Fill(storage, TableOffset, blocks.EntriesFor(virtualSize), byte.MaxValue);
        VhdParentLocator[] locators = parent is null ? [] : WriteNames(storage, parent.Path, ref end);
        VhdDynamicHeader header = new(
            TableOffset,
            VhdDynamicHeader.KnownVersion,
            (uint)blocks.CountFor(virtualSize),
            (uint)blocks.BlockSize,
            parent?.Facts.UniqueId ?? Guid.Empty)
        {
            ParentTimeStamp = parent?.TimeStamp ?? 0,
            ParentName = parent?.FileName ?? string.Empty,
        };
        byte[] start = new byte[TableOffset];
        footer.WriteTo(start);
        header.WriteTo(start.AsSpan(VhdFooter.Size), locators);
        storage.Write(0, start);
        BackingReference? backing = parent is null
            ? null
            : ParentOf(storage, header, start.AsSpan(VhdFooter.Size, VhdDynamicHeader.Size).ToArray(), virtualSize);
        VhdBlockMap map = new(storage, blocks, virtualSize, TableOffset, end, hasParent: parent is not null);
        return new VhdLayer(storage, footer, blocks, map, backing, isNew: true);
    }

    /// <summary>How long a new file becomes that has its full length from the start.</summary>
    /// <param name="virtualSize">The disk's size, in bytes: whole sectors.</param>
    public static NewFileSize SizeOfFixed(long virtualSize) => NewFileSize.Whole(virtualSize + VhdFooter.Size, Sector.Size, HostPage.Size);

    /// <summary>How long a new file becomes that grows with what is written.</summary>
    /// <param name="virtualSize">The disk's size, in bytes: whole sectors.</param>
    /// <param name="blockSize">A block's size, in bytes.</param>
    /// <param name="parent">The parent; null for none.</param>
    public static NewFileSize SizeOfDynamic(long virtualSize, int blockSize, VhdParent? parent)
    {
        VhdBlocks blocks = new(blockSize);
        long start = TableOffset + (blocks.EntriesFor(virtualSize) * sizeof(uint));
        if (parent is not null)
        {
            start += NamesOf(parent.Path).Sum(name => Sector.RoundUp(name.Bytes.Length));
        }

        int alignment = blocks.AlignmentFor(virtualSize, start);
        return new NewFileSize(
            blockSize, parent is null ? HostPage.Size : Sector.Size, (count, _) => blocks.EndOf(start, count, alignment) + VhdFooter.Size)
        {
            IsDifferencing = parent is not null,
            ZeroTakesUnit = parent is not null,
        };
    }

    // The names that lead to the parent follow the table, each from the start of a sector.
    private static VhdParentLocator[] WriteNames(IStorage storage, in ParentPath path, ref long end)
    {
        List<VhdParentLocator> locators = [];
        foreach ((uint code, byte[] name) in NamesOf(path))
        {
            byte[] sectors = new byte[Sector.RoundUp(name.Length)];
            name.CopyTo(sectors, 0);
            storage.Write(end, sectors);
            locators.Add(new VhdParentLocator(code, (uint)name.Length, (ulong)end));
            end += sectors.Length;
        }

        return [.. locators];
    }

    private static List<(uint Code, byte[] Bytes)> NamesOf(in ParentPath path)
    {
        List<(uint Code, byte[] Bytes)> names = [];
        foreach ((uint code, string? name) in ((uint Code, string? Name)[])[
            (VhdParentLocator.RelativeWindowsPath, path.Relative), (VhdParentLocator.AbsoluteWindowsPath, path.Absolute)])
        {
            if (name is not null)
            {
                names.Add((code, Encoding.Unicode.GetBytes(name)));
            }
        }

        return names;
    }

    private static VhdFooter NewFooter(long virtualSize, VhdDiskType type, ulong headerOffset) => new(
        VhdFooter.KnownVersion, headerOffset, VhdTime.SecondsOf(DateTime.UtcNow), (ulong)virtualSize, type, Guid.NewGuid());

    public override IDisk ToDisk(IDisk? backing) =>
        _map is null ? new FlatDisk(Storage, VhdFormat.FormatName, 0, VirtualSize, _isNew) : new VhdDisk(_map, backing);

    public override void EndWriting()
    {
        if (!_isNew)
        {
            return;
        }

        byte[] footer = new byte[VhdFooter.Size];
        _footer.WriteTo(footer);
        Storage.Write(_map?.WriteBack() ?? VirtualSize, footer);
    }

    // The copy at the start is for the case that the footer at the end is lost (VHD 1.0, "Dynamic Hard Disk Image").
    private static VhdFooter ReadFooter(IStorage storage, out int footerSize)
    {
        byte[] bytes = new byte[VhdFooter.Size];
        if (storage.Length >= VhdFooter.Size)
        {
            // Before Virtual PC 2004 a footer had 511 bytes (VHD 1.0, "Hard Disk Footer Format"); the one that is missing is reserved, and 0.
            foreach (int size in (int[])[VhdFooter.Size, VhdFooter.OldSize])
            {
                bytes[VhdFooter.OldSize] = 0;
                storage.ReadExactly(storage.Length - size, bytes.AsSpan(0, size));
                if (VhdFooter.TryParse(bytes) is { } footer)
                {
                    footerSize = size;
                    return footer;
                }
            }

            storage.ReadExactly(0, bytes);
        }

        footerSize = VhdFooter.Size;
        return VhdFooter.TryParse(bytes) is { DiskType: not VhdDiskType.Fixed } copy
            ? copy
            : throw Damaged(storage, "the footer", "missing or has a wrong checksum", "in the last 512 bytes of the file, or as a copy in the first");
    }

    private static VhdLayer OpenBlocks(IStorage storage, VhdFooter footer)
    {
        byte[] bytes = new byte[VhdDynamicHeader.Size];
        if (footer.DataOffset > (ulong)Math.Max(0, storage.Length - VhdDynamicHeader.Size))
        {
            throw Damaged(storage, "Data Offset", footer.DataOffset, $"at most {storage.Length - VhdDynamicHeader.Size}, so that the dynamic disk header is inside the file");
        }

        storage.ReadExactly((long)footer.DataOffset, bytes);
        if (VhdDynamicHeader.TryParse(bytes) is not { } header)
        {
            throw Damaged(storage, "the dynamic disk header", "missing or has a wrong checksum", "where Data Offset points");
        }

        if (header.HeaderVersion != VhdDynamicHeader.KnownVersion)
        {
            throw Damaged(storage, "Header Version", header.HeaderVersion, $"{VhdDynamicHeader.KnownVersion}");
        }

        if (!VhdBlocks.IsBlockSize(header.BlockSize))
        {
            throw Damaged(storage, "Block Size", header.BlockSize, "a power of two from 512 to 1073741824");
        }

        VhdBlocks blocks = new((int)header.BlockSize);
        long size = (long)footer.CurrentSize;
        long count = blocks.CountFor(size);
        if (header.MaxTableEntries < count)
        {
            throw Damaged(storage, "Max Table Entries", header.MaxTableEntries, $"at least {count}, one for each block of the disk");
        }

        if (header.TableOffset > long.MaxValue || (long)header.TableOffset > storage.Length - (count * sizeof(uint)))
        {
            throw Damaged(storage, "Table Offset", header.TableOffset, $"at most {storage.Length - (count * sizeof(uint))}, so that the table is inside the file");
        }

        BackingReference? parent = footer.DiskType == VhdDiskType.Differencing ? ParentOf(storage, header, bytes, size) : null;
        VhdBlockMap map = new(storage, blocks, size, (long)header.TableOffset, newEnd: null, parent is not null);
        return new VhdLayer(storage, footer, blocks, map, parent, isNew: false);
    }

    private static BackingReference ParentOf(IStorage storage, VhdDynamicHeader header, byte[] bytes, long virtualSize)
    {
        List<string> names = [];
        foreach (uint code in (uint[])[VhdParentLocator.RelativeWindowsPath, VhdParentLocator.AbsoluteWindowsPath])
        {
            for (int i = 0; i < VhdParentLocator.Count; i++)
            {
                VhdParentLocator locator = VhdParentLocator.Parse(bytes, i);
                if (locator.PlatformCode == code && locator.ReadName(storage) is { Length: > 0 } name)
                {
                    names.Add(code == VhdParentLocator.RelativeWindowsPath ? name.Replace('\\', Path.DirectorySeparatorChar) : name);
                }
            }
        }

        if (VhdDynamicHeader.ParentNameIn(bytes) is { Length: > 0 } last)
        {
            names.Add(last);
        }

        return names.Count > 0
            ? new BackingReference(names[0], IsRaw: false)
            {
                Format = QedDiskFormat.Vhd,
                OtherNames = names.GetRange(1, names.Count - 1),
                ContentId = header.ParentUniqueId,
                MinVirtualSize = virtualSize,
            }
            : throw Damaged(storage, "Parent Locator Entry", "missing", "the name of the parent's file");
    }

    private static QedDamagedFileException Damaged(IStorage storage, string field, object value, string allowed) =>
        new(storage.Path, VhdFormat.FormatName, field, value, allowed);
}
