using System;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange.Vdi;

/// <summary>A VDI file as a layer of a chain.</summary>
internal sealed class VdiLayer : InterchangeLayer
{
    private readonly VdiHeader _header;
    private readonly BlockTable _map;
    private readonly VdiBlocks _blocks;
    private readonly long _fileLength;
    private readonly VdiDisk? _newDisk;

    private VdiLayer(IStorage storage, VdiHeader header, bool isNew)
        : base(storage)
    {
        _header = header;
        VdiBlocks blocks = new((int)header.BlockSize, header.DataOffset);
        _map = new BlockTable(storage, header.MapOffset, header.Blocks, isBigEndian: false);
        _blocks = blocks;
        _fileLength = storage.Length;
        _newDisk = isNew ? new VdiDisk(storage, blocks, _map, VirtualSize, _fileLength, isNew, parent: null) : null;
    }

    public override string FormatName => VdiFormat.FormatName;

    public override long VirtualSize => (long)_header.DiskSize;

    public override int? AllocationUnit => (int)_header.BlockSize;

    public override Guid? ContentId => _header.ImageId;

    // The name of the parent's file is only in VirtualBox's settings of the machine.
    public override BackingReference? Backing => _header.ImageType == VdiImageType.Differencing
        ? BackingReference.ByContentId(_header.ParentId, QedDiskFormat.Vdi)
        : null;

    protected override QedFormatDetails Details => new()
    {
        Subformat = _header.ImageType switch
        {
            VdiImageType.Fixed => "fixed",
            VdiImageType.Dynamic => "dynamic",
            _ => "differencing",
        },
        Version = "1.1",
        LogicalSectorSize = SectorSize,
        Identifier = _header.ImageId.ToString(),
        ParentIdentifier = Backing?.ContentId?.ToString(),
    };

    /// <summary>Reads and validates the header of a file.</summary>
    /// <exception cref="QedDamagedFileException">A field has a value that the format does not allow, or the file is cut short.</exception>
    /// <exception cref="QedUnsupportedFormatException">It is of a version or a kind that is not read.</exception>
    /// <exception cref="QedException">It could not be read.</exception>
    public static VdiLayer Open(IStorage storage)
    {
        byte[] bytes = new byte[VdiHeader.Size];
        if (storage.Read(0, bytes) < bytes.Length)
        {
            throw Damaged(storage, "the header", "cut short", "512 bytes");
        }

        if (!VdiHeader.HasSignature(bytes))
        {
            throw Damaged(storage, "the signature", "something else", "0xBEDA107F");
        }

        VdiHeader header = VdiHeader.Parse(bytes);
        if (header.Version != VdiHeader.KnownVersion)
        {
            throw QedUnsupportedFormatException.ForFeature(storage.Path, VdiFormat.FormatName, $"version {header.Version >> 16}.{header.Version & 0xffff}");
        }

        if (header.ImageType is not (VdiImageType.Dynamic or VdiImageType.Fixed or VdiImageType.Differencing))
        {
            throw QedUnsupportedFormatException.ForFeature(storage.Path, VdiFormat.FormatName, $"image type {(uint)header.ImageType}");
        }

        bool hasParent = header.ImageType == VdiImageType.Differencing;
        if (hasParent != (header.ParentId != Guid.Empty))
        {
            throw Damaged(storage, "uuidLinkage", header.ParentId, hasParent ? "the identifier of the parent" : $"{Guid.Empty}, as there is no parent");
        }

        if (header.SectorSize != Sector.Size)
        {
            throw Damaged(storage, "the sector size", header.SectorSize, "512");
        }

        if (!VdiBlocks.IsBlockSize(header.BlockSize) || header.BlockExtra != 0)
        {
            throw Damaged(storage, "the block size", $"{header.BlockSize} + {header.BlockExtra}", "a power of two from 4096 to 268435456, with nothing added");
        }

        long maxBytes = (long)uint.MaxValue * header.BlockSize;
        if (header.DiskSize > (ulong)maxBytes)
        {
            throw Damaged(storage, "the disk size", header.DiskSize, $"0 to {maxBytes} bytes");
        }

        // VBoxManage creates disks of any size; the last block is whole in the file, so all programs round up.
        header = header with { DiskSize = (ulong)Sector.RoundUp((long)header.DiskSize) };

        long count = new VdiBlocks((int)header.BlockSize, 0).CountFor((long)header.DiskSize);
        if (header.Blocks < count)
        {
            throw Damaged(storage, "the number of blocks", header.Blocks, $"at least {count}, as many as the disk needs");
        }

        if (header.MapOffset + (count * sizeof(uint)) > storage.Length)
        {
            throw Damaged(storage, "the offset of the block map", header.MapOffset, $"at most {storage.Length - (count * sizeof(uint))}, so that the map is inside the file");
        }

        return new VdiLayer(storage, header, isNew: false);
    }

    /// <summary>Writes an empty disk into an empty file.</summary>
    /// <param name="storage">The file.</param>
    /// <param name="virtualSize">The disk's size, in bytes: whole sectors.</param>
    /// <param name="isFixed">Whether all blocks are there from the start.</param>
    /// <exception cref="QedException">The file could not be written.</exception>
    public static VdiLayer Create(IStorage storage, long virtualSize, bool isFixed)
    {
        long count = new VdiBlocks(VdiBlocks.DefaultBlockSize, 0).CountFor(virtualSize);
        VdiHeader header = new(
            VdiHeader.KnownVersion,
            isFixed ? VdiImageType.Fixed : VdiImageType.Dynamic,
            VdiHeader.Size,
            (uint)VdiBlocks.DataOffsetAfter(VdiHeader.Size + (count * sizeof(uint))),
            Sector.Size,
            (ulong)virtualSize,
            VdiBlocks.DefaultBlockSize,
            BlockExtra: 0,
            (uint)count,
            AllocatedBlocks: 0,
            Guid.NewGuid(),
            ParentId: Guid.Empty);
        BlockTable.Fill(storage, VdiHeader.Size, count, byte.MaxValue);
        VdiLayer layer = new(storage, header, isNew: true);
        if (isFixed)
        {
            layer._newDisk!.AllocateAll();
        }

        return layer;
    }

    /// <summary>How long a new file becomes.</summary>
    /// <param name="virtualSize">The disk's size, in bytes: whole sectors.</param>
    /// <param name="isFixed">Whether all blocks are there from the start.</param>
    public static NewFileSize SizeOf(long virtualSize, bool isFixed)
    {
        const int BlockSize = VdiBlocks.DefaultBlockSize;
        long count = new VdiBlocks(BlockSize, 0).CountFor(virtualSize);
        long start = VdiBlocks.DataOffsetAfter(VdiHeader.Size + (count * sizeof(uint)));
        return isFixed
            ? NewFileSize.Whole(start + (count * BlockSize), BlockSize, HostPage.Size)
            : new NewFileSize(BlockSize, HostPage.Size, (blocks, _) => start + (blocks * BlockSize));
    }

    public override IDisk ToDisk(IDisk? backing) => _newDisk ?? new VdiDisk(Storage, _blocks, _map, VirtualSize, _fileLength, isNew: false, backing);

    public override void EndWriting()
    {
        if (_newDisk is null)
        {
            return;
        }

        _map.WriteBack();
        Storage.SetLength(_header.DataOffset + ((long)_newDisk.AllocatedBlocks * _header.BlockSize));
        byte[] bytes = new byte[VdiHeader.Size];
        (_header with { AllocatedBlocks = _newDisk.AllocatedBlocks }).WriteTo(bytes);
        Storage.Write(0, bytes);
    }

    private static QedDamagedFileException Damaged(IStorage storage, string field, object value, string allowed) =>
        new(storage.Path, VdiFormat.FormatName, field, value, allowed);
}
