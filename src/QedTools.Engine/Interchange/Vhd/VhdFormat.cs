using System;
using System.Collections.Generic;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange.Vhd;

/// <summary>VHD, the format of Virtual PC and the older one of Hyper-V ("Virtual Hard Disk Image Format Specification", version 1.0).</summary>
internal sealed class VhdFormat : IDiskFormat
{
    /// <summary>The format's name.</summary>
    public const string FormatName = "VHD";

    public QedDiskFormat? Kind => QedDiskFormat.Vhd;

    public string Name => FormatName;

    public IReadOnlyList<string> Extensions { get; } = [".vhd", ".avhd"];

    public bool Recognizes(IStorage storage)
    {
        long length = storage.Length;
        return HasCookieAt(storage, 0) || HasCookieAt(storage, length - VhdFooter.Size) || HasCookieAt(storage, length - VhdFooter.OldSize);
    }

    public IDiskLayer Open(IStorage storage) => VhdLayer.Open(storage);

    public NewDisk Settle(string path, in NewDisk wish)
    {
        wish.RequireOnly(path, Name, wish.IsFixed ? NewDiskChoices.Fixed : NewDiskChoices.BlockSize);
        if (wish.VirtualSize is < 0 or > VhdBlocks.MaxVirtualSize)
        {
            throw QedLimitException.ForDiskSize(
                path, wish.VirtualSize, $"0 to {VhdBlocks.MaxVirtualSize} bytes (2,040 GiB) in a VHD file; a VHDX file takes larger disks");
        }

        long size = (wish.VirtualSize + VhdBlocks.SectorSize - 1) / VhdBlocks.SectorSize * VhdBlocks.SectorSize;

        // Such a file would be a footer alone, which QEMU takes for the copy at the start of a dynamic one.
        if (size == 0 && wish.IsFixed)
        {
            throw QedLimitException.ForDiskSize(path, size, $"1 to {VhdBlocks.MaxVirtualSize} bytes in a fixed VHD file, and 0 in a dynamic one");
        }

        long blockSize = wish.BlockSize ?? VhdBlocks.DefaultBlockSize;
        return blockSize is VhdBlocks.DefaultBlockSize or VhdBlocks.SmallBlockSize
            ? wish with
            {
                VirtualSize = size,
                BlockSize = blockSize,
                RefusesSparseFile = true,
            }
            : throw new QedLimitException(path, nameof(wish.BlockSize), blockSize, "512KB (524288) or 2MB (2097152) in a VHD file");
    }

    public IDiskLayer Create(IStorage storage, in NewDisk disk) => VhdLayer.Create(storage, disk);

    private static bool HasCookieAt(IStorage storage, long offset)
    {
        Span<byte> cookie = stackalloc byte[8];
        return offset >= 0 && storage.Read(offset, cookie) == cookie.Length && VhdFooter.HasCookie(cookie);
    }
}
