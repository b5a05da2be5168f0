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

    public bool Recognizes(IStorage storage)
    {
        Span<byte> start = stackalloc byte[FileTypeIdentifier.Signature.Length];
        return storage.Read(0, start) == start.Length && start.SequenceEqual(FileTypeIdentifier.Signature);
    }

    public IDiskLayer Open(IStorage storage) => VhdxLayer.Open(storage);

    public NewDisk Settle(string path, in NewDisk wish)
    {
        if (wish.Backing is { } backing)
        {
            throw new QedLimitException(path, "BackingFile", backing.Name, "none: QedTools reads differencing VHDX files and makes none");
        }

        wish.RequireOnly(path, Name, NewDiskChoices.BlockSize | NewDiskChoices.SectorSize | NewDiskChoices.Fixed);
        long blockSize = wish.BlockSize ?? VhdxGeometry.DefaultBlockSize;
        int sectorSize = wish.SectorSize ?? VhdxGeometry.DefaultSectorSize;
        if (!VhdxGeometry.IsBlockSize(blockSize))
        {
            throw new QedLimitException(path, nameof(wish.BlockSize), blockSize, "a power of two from 1MB (1048576) to 256MB (268435456)");
        }

        if (!VhdxGeometry.IsSectorSize(sectorSize))
        {
            throw new QedLimitException(path, nameof(wish.SectorSize), sectorSize, "512 or 4096");
        }

        // Rounded up to whole sectors, as for every format. Neither Hyper-V nor QEMU opens an empty disk whose table has no entries.
        long most = VhdxGeometry.MaxVirtualSize;
        return wish.VirtualSize > 0 && wish.VirtualSize <= most
            ? wish with
            {
                VirtualSize = (wish.VirtualSize + sectorSize - 1) / sectorSize * sectorSize,
                BlockSize = blockSize,
                SectorSize = sectorSize,
                RefusesSparseFile = true,
            }
            : throw QedLimitException.ForDiskSize(path, wish.VirtualSize, $"1 to {most} bytes (64 TiB) for a VHDX file");
    }

    public IDiskLayer Create(IStorage storage, in NewDisk disk) => VhdxLayer.Create(
        storage, new VhdxGeometry(disk.VirtualSize, (int)disk.BlockSize!.Value, disk.SectorSize!.Value), disk.IsFixed);
}
