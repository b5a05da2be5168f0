using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange.Vmdk;

/// <summary>
/// VMDK, the format of VMware ("Virtual Disk Format 5.0"): monolithicSparse, monolithicFlat and streamOptimized, and other kinds for
/// reading only.
/// </summary>
internal sealed class VmdkFormat : IDiskFormat, IPartedFormat
{
    /// <summary>The format's name.</summary>
    public const string FormatName = "VMDK";

    // The descriptor has 20 sectors; this leaves ample space for the rest of it.
    private const int MaxNameBytes = 4096;

    // The largest disk of ESXi.
    private const long MaxFlatSize = 62L << 40;

    private static readonly VmdkDataFiles DataFiles = new();

    public QedDiskFormat? Kind => QedDiskFormat.Vmdk;

    public string Name => FormatName;

    public IReadOnlyList<string> Extensions { get; } = [".vmdk"];

    public bool RefusesSparseFiles => false;

    public bool OverlaysKeepSize => false;

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

    public bool IsPart(IStorage storage)
    {
        Span<byte> header = stackalloc byte[VmdkHeader.Size];
        bool isSparse = storage.Read(0, header) == header.Length && VmdkHeader.HasMagic(header);
        return isSparse ? VmdkHeader.Parse(header).DescriptorOffset == 0 : VmdkParts.HasNameOfPart(storage.Path) && !VmdkDescriptor.IsDescriptor(storage);
    }

    public NewDisk Resolve(string path, in DiskRequest request)
    {
        // The data of a flat disk cannot be compressed.
        request.RequireOnly(
            path,
            request.IsFixed ? "flat VMDK" : Name,
            DiskChoices.AdapterType | DiskChoices.Fixed | (request.IsFixed ? DiskChoices.None : DiskChoices.Compression));
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

        // Compressed disks are meant for ESXi.
        QedAdapterType adapter = request.AdapterType ?? (isCompressed ? QedAdapterType.LsiLogic : QedAdapterType.Ide);
        long size = Sector.RoundUp(request.VirtualSize);
        long most = request.IsFixed ? MaxFlatSize : VmdkGrains.MaxVirtualSize;
        if (request.VirtualSize <= 0 || request.VirtualSize > most)
        {
            throw QedLimitException.ForDiskSize(path, request.VirtualSize, request.IsFixed
                ? $"1 to {most} bytes (62 TiB) in a flat VMDK disk"
                : $"1 to {most} bytes (2,040 GiB) in a VMDK file; a VHDX file takes larger disks");
        }

        if (request.IsFixed)
        {
            return new NewDisk(size, _ => throw new InvalidOperationException("A flat disk is written to two files."))
            {
                Size = VmdkExtentsLayer.SizeOfFlat(DataFiles.PathFor(path, 0), size, adapter),
                Data = new NewDiskData(DataFiles, (storage, data) => VmdkExtentsLayer.CreateFlat(storage, data, size, adapter)),
            };
        }

        return new NewDisk(
            size, storage => isCompressed ? VmdkStreamLayer.Create(storage, size, name, adapter) : VmdkSparseLayer.Create(storage, size, name, adapter))
        {
            Size = isCompressed ? VmdkStreamWriter.SizeOf(size) : VmdkSparseLayer.SizeOf(size),
        };
    }
}
