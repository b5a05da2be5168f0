using System;
using System.Collections.Generic;
using QedTools.Disks;
using QedTools.Interchange.Vhdx.Format;
using QedTools.Storage;

namespace QedTools.Interchange.Vhdx;

/// <summary>VHDX, the disks of Hyper-V ([MS-VHDX]: Virtual Hard Disk v2 File Format).</summary>
internal sealed class VhdxFormat : IDiskFormat
{
    /// <summary>The format's name.</summary>
    public const string FormatName = "VHDX";

    public QedDiskFormat? Kind => QedDiskFormat.Vhdx;

    public string Name => FormatName;

    // The second one is that of Hyper-V's own checkpoints.
    public IReadOnlyList<string> Extensions { get; } = [".vhdx", ".avhdx"];

    public bool RefusesSparseFiles => true;

    public bool Recognizes(IStorage storage)
    {
        Span<byte> start = stackalloc byte[FileTypeIdentifier.Signature.Length];
        return storage.Read(0, start) == start.Length && start.SequenceEqual(FileTypeIdentifier.Signature);
    }

    public IDiskLayer Open(IStorage storage) => VhdxLayer.Open(storage);

    public NewDisk Settle(string path, in DiskRequest request)
    {
        if (request.Backing is { } backing)
        {
            throw new QedRequestException(
                path, "BackingFile", backing.Name, "none", $"The backing file '{backing.Name}' is not possible for '{path}': QedTools reads differencing VHDX files but does not create them.");
        }

        request.RequireOnly(path, Name, DiskChoices.BlockSize | DiskChoices.SectorSize | DiskChoices.Fixed);
        long blockSize = request.BlockSize ?? VhdxGeometry.DefaultBlockSize;
        int sectorSize = request.SectorSize ?? VhdxGeometry.DefaultSectorSize;
        if (!VhdxGeometry.IsBlockSize(blockSize))
        {
            throw new QedLimitException(path, nameof(request.BlockSize), blockSize, "a power of two from 1MB (1048576) to 256MB (268435456)");
        }

        if (!VhdxGeometry.IsSectorSize(sectorSize))
        {
            throw new QedLimitException(path, nameof(request.SectorSize), sectorSize, "512 or 4096");
        }

        // Rounded up to whole sectors, as for every format. Neither Hyper-V nor QEMU opens an empty disk whose table has no entries.
        long most = VhdxGeometry.MaxVirtualSize;
        return request.VirtualSize > 0 && request.VirtualSize <= most
            ? Settle(new VhdxGeometry((request.VirtualSize + sectorSize - 1) / sectorSize * sectorSize, (int)blockSize, sectorSize), request.IsFixed)
            : throw QedLimitException.ForDiskSize(path, request.VirtualSize, $"1 to {most} bytes (64 TiB) for a VHDX file");
    }

    private static NewDisk Settle(VhdxGeometry geometry, bool isFixed) =>
        new(geometry.VirtualSize, storage => VhdxLayer.Create(storage, geometry, isFixed)) 
        {
            SectorSize = geometry.SectorSize,
            Size = VhdxLayer.SizeOf(geometry, isFixed),
        };
}
