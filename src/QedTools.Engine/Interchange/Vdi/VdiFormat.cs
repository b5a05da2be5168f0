using System;
using System.Collections.Generic;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange.Vdi;

/// <summary>VDI, the format of VirtualBox; version 1.1: dynamic and fixed, and differencing for reading only.</summary>
internal sealed class VdiFormat : IDiskFormat
{
    /// <summary>The format's name.</summary>
    public const string FormatName = "VDI";

    public QedDiskFormat? Kind => QedDiskFormat.Vdi;

    public string Name => FormatName;

    public IReadOnlyList<string> Extensions { get; } = [".vdi"];

    public bool RefusesSparseFiles => false;

    public bool OverlaysKeepSize => false;

    public bool Recognizes(IStorage storage)
    {
        Span<byte> start = stackalloc byte[68];
        return storage.Read(0, start) == start.Length && VdiHeader.HasSignature(start);
    }

    public IDiskLayer Open(IStorage storage) => VdiLayer.Open(storage);

    public NewDisk Resolve(string path, in DiskRequest request)
    {
        request.RequireOnly(path, Name, DiskChoices.Fixed);
        long size = Sector.RoundUp(request.VirtualSize);
        bool isFixed = request.IsFixed;
        return request.VirtualSize is >= 0 and <= VdiBlocks.MaxVirtualSize
            ? new NewDisk(size, storage => VdiLayer.Create(storage, size, isFixed)) { Size = VdiLayer.SizeOf(size, isFixed) }
            : throw QedLimitException.ForDiskSize(path, request.VirtualSize, $"0 to {VdiBlocks.MaxVirtualSize} bytes in a VDI file");
    }
}
