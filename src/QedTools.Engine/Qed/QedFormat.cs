using System;
using System.Collections.Generic;
using QedTools.Disks;
using QedTools.Qed.Format;
using QedTools.Storage;

namespace QedTools.Qed;

/// <summary>QED as one of the disk formats.</summary>
internal sealed class QedFormat : IDiskFormat
{
    /// <summary>The format's name.</summary>
    public const string FormatName = "QED";

    public string Name => FormatName;

    public IReadOnlyList<string> Extensions { get; } = [".qed"];

    public bool Recognizes(IStorage storage)
    {
        Span<byte> start = stackalloc byte[sizeof(uint)];
        return storage.Read(0, start) == start.Length && QedHeader.HasMagic(start);
    }

    public IDiskLayer Open(IStorage storage) => QedImage.Open(storage);

    public void Create(IStorage storage, in NewDisk options) => QedImage.Create(
        storage, RequireGeometry(storage.Path, options), options.VirtualSize, options.Backing);

    /// <summary>The geometry of a new image.</summary>
    /// <param name="path">The image, for messages.</param>
    /// <param name="options">How it is to be.</param>
    /// <exception cref="QedLimitException">The format does not allow the cluster size, the table size or the virtual size.</exception>
    public static QedGeometry RequireGeometry(string path, in NewDisk options)
    {
        if (!QedGeometry.IsClusterSize(options.ClusterSize))
        {
            throw new QedLimitException(path, "ClusterSizeBytes", options.ClusterSize, "a power of two from 4KB (4096) to 64MB (67108864)");
        }

        if (!QedGeometry.IsTableSize(options.TableSize))
        {
            throw new QedLimitException(path, "TableSize", options.TableSize, "1, 2, 4, 8 or 16 clusters");
        }

        QedGeometry geometry = new((int)options.ClusterSize, options.TableSize);
        long most = geometry.MaxVirtualSize;
        return options.VirtualSize > 0 && options.VirtualSize <= most
            ? geometry
            : throw new QedLimitException(
                path,
                "SizeBytes",
                options.VirtualSize,
                $"1 to {most} bytes with clusters of {geometry.ClusterSize} bytes and tables of {geometry.TableSize} clusters");
    }
}
