using System;
using System.Collections.Generic;
using System.Threading;
using QedTools.Disks;
using QedTools.Qed.Format;
using QedTools.Storage;

namespace QedTools.Qed;

/// <summary>QED as one of the disk formats.</summary>
internal sealed class QedFormat : IDiskFormat<QedImage>
{
    /// <summary>The format's name.</summary>
    public const string FormatName = "QED";

    public QedDiskFormat? Kind => QedDiskFormat.Qed;

    public string Name => FormatName;

    public IReadOnlyList<string> Extensions { get; } = [".qed"];

    public bool RefusesSparseFiles => false;

    public bool OverlaysKeepSize => false;

    public bool Recognizes(IStorage storage)
    {
        Span<byte> start = stackalloc byte[sizeof(uint)];
        return storage.Read(0, start) == start.Length && QedHeader.HasMagic(start);
    }

    public QedImage Open(IStorage storage) => QedImage.Open(storage);

    IDiskLayer IDiskFormat.Open(IStorage storage) => Open(storage);

    public NewDisk Resolve(string path, in DiskRequest request)
    {
        request.RequireOnly(path, Name, DiskChoices.ClusterSize | DiskChoices.TableSize | DiskChoices.Backing | DiskChoices.BackingFormat);
        long clusterSize = request.ClusterSize ?? QedGeometry.DefaultClusterSize;
        int tableSize = request.TableSize ?? QedGeometry.DefaultTableSize;
        if (!QedGeometry.IsClusterSize(clusterSize))
        {
            throw new QedLimitException(path, nameof(request.ClusterSize), clusterSize, "a power of two from 4KB (4096) to 64MB (67108864)");
        }

        if (!QedGeometry.IsTableSize(tableSize))
        {
            throw new QedLimitException(path, nameof(request.TableSize), tableSize, "1, 2, 4, 8 or 16 clusters");
        }

        QedGeometry geometry = new((int)clusterSize, tableSize);
        long max = geometry.MaxVirtualSize;
        string hint = max < new QedGeometry(QedGeometry.MaxClusterSize, QedGeometry.MaxTableSize).MaxVirtualSize ? "; larger ones allow more" : string.Empty;
        return request.VirtualSize >= 0 && request.VirtualSize <= max
            ? Resolve(geometry, Sector.RoundUp(request.VirtualSize), request.Backing)
            : throw QedLimitException.ForDiskSize(
                path,
                request.VirtualSize,
                $"0 bytes to {ByteSize.FormatExact(max)} with clusters of {ByteSize.Format(geometry.ClusterSize)} and tables of {geometry.TableSize} {(geometry.TableSize == 1 ? "cluster" : "clusters")}{hint}");
    }

    private static NewDisk Resolve(QedGeometry geometry, long virtualSize, BackingReference? backing) =>
        new(virtualSize, storage => Create(storage, geometry, virtualSize, backing))
        {
            Backing = backing,
            Size = new NewFileSize(geometry.ClusterSize, geometry.ClusterSize, geometry.FileLengthFor) { UnitsPerTable = geometry.EntriesPerTable },
        };

    private static QedImage Create(IStorage storage, QedGeometry geometry, long virtualSize, BackingReference? backing)
    {
        QedImage.Create(storage, geometry, virtualSize, backing);
        QedImage image = QedImage.OpenNew(storage);
        image.BeginWriting(progress: null, CancellationToken.None);
        return image;
    }
}
