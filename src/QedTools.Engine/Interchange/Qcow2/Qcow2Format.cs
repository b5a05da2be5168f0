using System;
using System.Collections.Generic;
using QedTools.Disks;
using QedTools.Interchange.Qcow2.Format;
using QedTools.Storage;

namespace QedTools.Interchange.Qcow2;

/// <summary>qcow2, the format of QEMU ("Qcow2 Image File Format" in QEMU's documentation): versions 2 and 3 are read, version 3 is written.</summary>
internal sealed class Qcow2Format : IDiskFormat
{
    /// <summary>The format's name.</summary>
    public const string FormatName = "qcow2";

    public QedDiskFormat? Kind => QedDiskFormat.Qcow2;

    public string Name => FormatName;

    public IReadOnlyList<string> Extensions { get; } = [".qcow2", ".qcow"];

    // Its predecessor has the same magic number, and version 1.
    public bool RefusesSparseFiles => false;

    public bool OverlaysKeepSize => false;

    public bool Recognizes(IStorage storage)
    {
        Span<byte> start = stackalloc byte[8];
        start = start.Slice(0, storage.Read(0, start));
        return Qcow2Header.HasMagic(start) && Qcow2Header.VersionOf(start) != 1;
    }

    public IDiskLayer Open(IStorage storage) => Qcow2Layer.Open(storage);

    public NewDisk Resolve(string path, in DiskRequest request)
    {
        request.RequireOnly(
            path, Name, DiskChoices.ClusterSize | DiskChoices.Backing | DiskChoices.BackingFormat | DiskChoices.Compression);
        long clusterSize = request.ClusterSize ?? Qcow2Geometry.DefaultClusterSize;
        if (!Qcow2Geometry.IsClusterSize(clusterSize))
        {
            throw new QedLimitException(path, nameof(request.ClusterSize), clusterSize, "a power of two from 512 to 2MB (2097152) in a qcow2 file");
        }

        if (request.Backing is { } backing && Qcow2Layer.HeaderBytesFor(backing, request.Compression) is var needed && needed > clusterSize)
        {
            throw new QedLimitException(
                path,
                "BackingFile",
                backing.Name,
                $"a name that fits into the file's first cluster of {clusterSize} bytes",
                $"The name of the backing file for '{path}' does not fit: with it the header takes {needed} bytes, but a cluster has only {clusterSize}. Give a shorter name, such as one relative to the image's folder, or use larger clusters.");
        }

        Qcow2Geometry geometry = Qcow2Geometry.OfClusterSize(clusterSize);
        long most = geometry.MaxVirtualSize;
        return request.VirtualSize >= 0 && request.VirtualSize <= most
            ? Resolve(geometry, Sector.RoundUp(request.VirtualSize), request.Backing, request.Compression)
            : throw QedLimitException.ForDiskSize(
                path,
                request.VirtualSize,
                $"0 bytes to {ByteSize.FormatExact(most)} with clusters of {ByteSize.Format(clusterSize)} in a qcow2 file{(clusterSize < Qcow2Geometry.MaxClusterSize ? "; larger ones allow more" : string.Empty)}");
    }

    private static NewDisk Resolve(Qcow2Geometry geometry, long virtualSize, BackingReference? backing, QedCompressionType? compression) =>
        new(virtualSize, storage => Qcow2Layer.Create(storage, geometry, virtualSize, backing, compression))
        {
            Backing = backing,
            Size = Qcow2Layer.SizeOf(geometry, virtualSize, backing is not null, compression is not null),
        };
}
