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

    public bool OverlaysKeepSize => true;

    public bool Recognizes(IStorage storage)
    {
        Span<byte> start = stackalloc byte[FileTypeIdentifier.Signature.Length];
        return storage.Read(0, start) == start.Length && start.SequenceEqual(FileTypeIdentifier.Signature);
    }

    public IDiskLayer Open(IStorage storage) => VhdxLayer.Open(storage);

    public NewDisk Resolve(string path, in DiskRequest request)
    {
        // LeaveBlockAllocated has no meaning in a file with a parent (2.6.2.1).
        request.RequireOnly(
            path,
            request.Backing is null ? Name : "differencing VHDX",
            DiskChoices.BlockSize | DiskChoices.SectorSize | DiskChoices.Backing | (request.Backing is null ? DiskChoices.Fixed : DiskChoices.None));
        VhdxFacts? parent = ParentOf(path, request);
        long blockSize = request.BlockSize ?? (request.Backing is null ? VhdxGeometry.DefaultBlockSize : VhdxGeometry.DefaultDifferencingBlockSize);
        int sectorSize = request.SectorSize
            ?? parent?.Geometry.SectorSize
            ?? (VhdxGeometry.IsSectorSize(request.SourceSectorSize) ? request.SourceSectorSize : VhdxGeometry.DefaultSectorSize);
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
        if (request.VirtualSize is <= 0 or > VhdxGeometry.MaxVirtualSize)
        {
            throw QedLimitException.ForDiskSize(path, request.VirtualSize, $"1 to {most} bytes (64 TiB) for a VHDX file");
        }

        VhdxGeometry geometry = new((request.VirtualSize + sectorSize - 1) / sectorSize * sectorSize, (int)blockSize, sectorSize);
        VhdxMetadata metadata = parent is null
            ? new(geometry, request.IsFixed, Parent: null) { VirtualDiskId = Guid.NewGuid() }
            : OverParent(path, request, geometry, parent);
        return new NewDisk(geometry.VirtualSize, storage => VhdxLayer.Create(storage, metadata))
        {
            SectorSize = sectorSize,
            Size = VhdxLayer.SizeOf(metadata),
            Backing = metadata.Parent?.ToReference(path),
        };
    }

    // Null if there is none, or it has not been examined yet.
    private static VhdxFacts? ParentOf(string path, in DiskRequest request) => request.BackingFacts is not { } facts
        ? null
        : facts.FormatFacts as VhdxFacts ?? throw ParentRules.WrongFormat(path, request.Backing!.Value.Name, facts, FormatName);

    // A file over another one has the same metadata of the disk: its size, its identity and its sector sizes (2.6.1.2, IsVirtualDisk).
    private static VhdxMetadata OverParent(string path, in DiskRequest request, in VhdxGeometry geometry, VhdxFacts parent)
    {
        BackingFacts facts = request.BackingFacts!;
        string name = request.Backing!.Value.Name;
        if (geometry.SectorSize != parent.Geometry.SectorSize)
        {
            throw new QedRequestException(
                path,
                nameof(request.SectorSize),
                geometry.SectorSize,
                $"{parent.Geometry.SectorSize}",
                $"A sector size of {geometry.SectorSize} bytes is not possible for '{path}': its parent '{name}' has sectors of {parent.Geometry.SectorSize} bytes, and a differencing VHDX file must have the same.");
        }

        ParentRules.RequireSameSize(path, name, geometry.VirtualSize, facts, FormatName);
        return new VhdxMetadata(geometry, IsFixed: false, ParentLocator.Of(ParentPath.Of(path, name, facts.Path), parent.DataWriteGuid))
        {
            VirtualDiskId = parent.VirtualDiskId == Guid.Empty ? Guid.NewGuid() : parent.VirtualDiskId,
            PhysicalSectorSize = parent.PhysicalSectorSize,
        };
    }
}
