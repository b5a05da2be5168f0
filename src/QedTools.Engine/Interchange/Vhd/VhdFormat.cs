using System;
using System.Collections.Generic;
using System.IO;
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

    public bool RefusesSparseFiles => true;

    public bool OverlaysKeepSize => true;

    public bool Recognizes(IStorage storage)
    {
        long length = storage.Length;
        return HasCookieAt(storage, 0) || HasCookieAt(storage, length - VhdFooter.Size) || HasCookieAt(storage, length - VhdFooter.OldSize);
    }

    public IDiskLayer Open(IStorage storage) => VhdLayer.Open(storage);

    public NewDisk Resolve(string path, in DiskRequest request)
    {
        (string kind, DiskChoices allowed) = request.Backing is not null
            ? ("differencing VHD", DiskChoices.BlockSize | DiskChoices.Backing)
            : (Name, request.IsFixed ? DiskChoices.Fixed : DiskChoices.BlockSize);
        request.RequireOnly(path, kind, allowed);
        if (request.VirtualSize is < 0 or > VhdBlocks.MaxVirtualSize)
        {
            throw QedLimitException.ForDiskSize(
                path, request.VirtualSize, $"0 to {VhdBlocks.MaxVirtualSize} bytes (2,040 GiB) in a VHD file; a VHDX file takes larger disks");
        }

        long size = Sector.RoundUp(request.VirtualSize);

        // Such a file would be only a footer, which QEMU takes for the copy at the start of a dynamic one.
        if (size == 0 && request.IsFixed)
        {
            throw QedLimitException.ForDiskSize(path, size, $"1 to {VhdBlocks.MaxVirtualSize} bytes in a fixed VHD file, and 0 in a dynamic one");
        }

        VhdParent? parent = ParentOf(path, request, size);
        bool isFixed = request.IsFixed;
        long blockSize = request.BlockSize ?? VhdBlocks.DefaultBlockSize;
        return blockSize is VhdBlocks.DefaultBlockSize or VhdBlocks.SmallBlockSize
            ? new NewDisk(size, isFixed ? storage => VhdLayer.CreateFixed(storage, size) : storage => VhdLayer.CreateDynamic(storage, size, (int)blockSize, parent))
            {
                Size = isFixed ? VhdLayer.SizeOfFixed(size) : VhdLayer.SizeOfDynamic(size, (int)blockSize, parent),
                Backing = request.Backing is { } backing && parent is not null
                    ? backing with { Name = parent.Path.HostName, ContentId = parent.Facts.UniqueId }
                    : request.Backing,
            }
            : throw new QedLimitException(path, nameof(request.BlockSize), blockSize, "512KB (524288) or 2MB (2097152) in a VHD file");
    }

    // Null if there is none, or it has not been examined yet.
    private static VhdParent? ParentOf(string path, in DiskRequest request, long virtualSize)
    {
        if (request.Backing is not { } backing || request.BackingFacts is not { } facts)
        {
            return null;
        }

        VhdFacts parent = facts.FormatFacts as VhdFacts ?? throw ParentRules.WrongFormat(path, backing.Name, facts, FormatName);
        ParentRules.RequireSameSize(path, backing.Name, virtualSize, facts, FormatName);
        return new VhdParent(
            parent,
            facts.Modified is { } modified ? VhdTime.SecondsOf(modified) : 0,
            Path.GetFileName(facts.Path),
            ParentPath.Of(path, backing.Name, facts.Path));
    }

    private static bool HasCookieAt(IStorage storage, long offset)
    {
        Span<byte> cookie = stackalloc byte[8];
        return offset >= 0 && storage.Read(offset, cookie) == cookie.Length && VhdFooter.HasCookie(cookie);
    }
}
