using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange.Vmdk;

/// <summary>VMDK, the format of VMware ("Virtual Disk Format 5.0"): monolithicSparse and streamOptimized, and other kinds for reading only.</summary>
internal sealed class VmdkFormat : IDiskFormat
{
    /// <summary>The format's name.</summary>
    public const string FormatName = "VMDK";

    // The descriptor has 20 sectors; this leaves ample space for the rest of it.
    private const int MaxNameBytes = 4096;

    public QedDiskFormat? Kind => QedDiskFormat.Vmdk;

    public string Name => FormatName;

    public IReadOnlyList<string> Extensions { get; } = [".vmdk"];

    public bool RefusesSparseFiles => false;

    public bool Recognizes(IStorage storage)
    {
        Span<byte> start = stackalloc byte[4];
        return (storage.Read(0, start) == start.Length && VmdkHeader.HasMagic(start)) || VmdkDescriptor.IsDescriptor(storage);
    }

    public IDiskLayer Open(IStorage storage)
    {
        Span<byte> start = stackalloc byte[4];
        if (storage.Read(0, start) == start.Length && VmdkHeader.HasMagic(start))
        {
            return VmdkSparseLayer.Open(storage);
        }

        if (VmdkDescriptor.IsDescriptor(storage))
        {
            return VmdkExtentsLayer.Open(storage);
        }

        throw VmdkParts.TryErrorFor(storage.Path) as QedException
            ?? new QedDamagedFileException(storage.Path, FormatName, "the start of the file", "something else", "\"KDMV\", or a descriptor");
    }

    public NewDisk Settle(string path, in DiskRequest request)
    {
        request.RequireOnly(path, Name, DiskChoices.Compression);
        if (request.Compression is { } compression and not QedCompressionType.Deflate)
        {
            throw new QedRequestException(
                path, "CompressionType", compression, nameof(QedCompressionType.Deflate), $"'{path}' cannot be compressed with {compression}: VMDK files are deflated only.");
        }

        bool isCompressed = request.Compression is not null;
        string name = Path.GetFileName(path);
        if (name.Any(character => character == '"' || char.IsControl(character)) || System.Text.Encoding.UTF8.GetByteCount(name) > MaxNameBytes)
        {
            throw new QedLimitException(path, "DestinationPath", name, "a name that a VMDK file can record, without quotation marks and control characters");
        }

        long size = Sector.RoundUp(request.VirtualSize);
        return request.VirtualSize is > 0 and <= VmdkGrains.MaxVirtualSize
            ? new NewDisk(size, storage => isCompressed ? VmdkStreamLayer.Create(storage, size, name) : VmdkSparseLayer.Create(storage, size, name))
            {
                Size = isCompressed ? VmdkStreamWriter.SizeOf(size) : VmdkSparseLayer.SizeOf(size),
            }
            : throw QedLimitException.ForDiskSize(
                path, request.VirtualSize, $"1 to {VmdkGrains.MaxVirtualSize} bytes (2,040 GiB) in a VMDK file; a VHDX file takes larger disks");
    }
}
