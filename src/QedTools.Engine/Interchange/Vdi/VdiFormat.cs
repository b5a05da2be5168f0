using System;
using System.Collections.Generic;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange.Vdi;

/// <summary>VDI, the format of VirtualBox; version 1.1: dynamic, fixed, and for reading differencing.</summary>
internal sealed class VdiFormat : IDiskFormat
{
    /// <summary>The format's name.</summary>
    public const string FormatName = "VDI";

    public QedDiskFormat? Kind => QedDiskFormat.Vdi;

    public string Name => FormatName;

    public IReadOnlyList<string> Extensions { get; } = [".vdi"];

    public bool Recognizes(IStorage storage)
    {
        Span<byte> start = stackalloc byte[68];
        return storage.Read(0, start) == start.Length && VdiHeader.HasSignature(start);
    }

    public IDiskLayer Open(IStorage storage) => VdiLayer.Open(storage);

    public NewDisk Settle(string path, in NewDisk wish)
    {
        wish.RequireOnly(path, Name, NewDiskChoices.Fixed);
        return wish.VirtualSize is >= 0 and <= VdiBlocks.MaxVirtualSize
            ? wish with { VirtualSize = (wish.VirtualSize + VdiBlocks.SectorSize - 1) / VdiBlocks.SectorSize * VdiBlocks.SectorSize }
            : throw QedLimitException.ForDiskSize(path, wish.VirtualSize, $"0 to {VdiBlocks.MaxVirtualSize} bytes in a VDI file");
    }

    public IDiskLayer Create(IStorage storage, in NewDisk disk) => VdiLayer.Create(storage, disk);
}
