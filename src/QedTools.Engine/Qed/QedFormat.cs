using System;
using System.Collections.Generic;
using System.Threading;
using QedTools.Disks;
using QedTools.Qed.Format;
using QedTools.Storage;

namespace QedTools.Qed;

/// <summary>QED as one of the disk formats.</summary>
internal sealed class QedFormat : IDiskFormat
{
    /// <summary>The format's name.</summary>
    public const string FormatName = "QED";

    public QedDiskFormat? Kind => QedDiskFormat.Qed;

    public string Name => FormatName;

    public IReadOnlyList<string> Extensions { get; } = [".qed"];

    public bool Recognizes(IStorage storage)
    {
        Span<byte> start = stackalloc byte[sizeof(uint)];
        return storage.Read(0, start) == start.Length && QedHeader.HasMagic(start);
    }

    public IDiskLayer Open(IStorage storage) => QedImage.Open(storage);

    public NewDisk Settle(string path, in NewDisk wish)
    {
        wish.RequireOnly(path, Name, NewDiskChoices.ClusterSize | NewDiskChoices.TableSize | NewDiskChoices.Backing);
        long clusterSize = wish.ClusterSize ?? QedGeometry.DefaultClusterSize;
        int tableSize = wish.TableSize ?? QedGeometry.DefaultTableSize;
        if (!QedGeometry.IsClusterSize(clusterSize))
        {
            throw new QedLimitException(path, nameof(wish.ClusterSize), clusterSize, "a power of two from 4KB (4096) to 64MB (67108864)");
        }

        if (!QedGeometry.IsTableSize(tableSize))
        {
            throw new QedLimitException(path, nameof(wish.TableSize), tableSize, "1, 2, 4, 8 or 16 clusters");
        }

        QedGeometry geometry = new((int)clusterSize, tableSize);
        long most = geometry.MaxVirtualSize;
        string hint = most < new QedGeometry(QedGeometry.MaxClusterSize, QedGeometry.MaxTableSize).MaxVirtualSize ? "; larger ones allow more" : string.Empty;
        return wish.VirtualSize >= 0 && wish.VirtualSize <= most
            ? wish with { VirtualSize = QedGeometry.RoundUpToSector(wish.VirtualSize), ClusterSize = clusterSize, TableSize = tableSize }
            : throw QedLimitException.ForDiskSize(
                path,
                wish.VirtualSize,
                $"0 bytes to {ByteSize.FormatExact(most)} with clusters of {ByteSize.Format(geometry.ClusterSize)} and tables of {geometry.TableSize} {(geometry.TableSize == 1 ? "cluster" : "clusters")}{hint}");
    }

    public IDiskLayer Create(IStorage storage, in NewDisk disk)
    {
        QedGeometry geometry = new((int)disk.ClusterSize!.Value, disk.TableSize!.Value);
        QedImage.Create(storage, geometry, disk.VirtualSize, disk.Backing);
        QedImage image = QedImage.OpenNew(storage);
        image.BeginWriting(progress: null, CancellationToken.None);
        return image;
    }
}
