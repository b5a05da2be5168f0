using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using QedTools.Disks;
using QedTools.Qed;
using QedTools.Storage;

namespace QedTools.Tests.Reliability;

/// <summary>The readable parts of a damaged image without its backing file.</summary>
internal sealed class ReadableDisk
{
    private readonly long _size;
    private readonly List<(long Offset, long Length, byte[]? Data)> _parts;

    private ReadableDisk(long size, List<(long Offset, long Length, byte[]? Data)> parts)
    {
        _size = size;
        _parts = parts;
    }

    /// <summary>Reads everything that can be read.</summary>
    /// <param name="host">Holds the files.</param>
    /// <param name="name">The image.</param>
    /// <param name="except">Clusters to leave out.</param>
    public static ReadableDisk Of(MemoryHost host, string name, IReadOnlyCollection<long> except) => host.Do(() =>
    {
        using QedImage image = QedImage.Open(HostFiles.Open(host.PathOf(name), StorageAccess.Inspect));
        IDisk disk = image.ToDisk(backing: null);
        int clusterSize = image.Header.Geometry.ClusterSize;
        List<(long Offset, long Length, byte[]? Data)> parts = [];
        for (long at = 0; at < disk.Length;)
        {
            try
            {
                DiskExtent extent = disk.ExtentAt(at, disk.Length - at);
                bool isData = extent.State == QedExtentState.Data;
                long length = isData ? Math.Min(clusterSize, extent.Length) : extent.Length;
                if (!isData || !except.Contains(at / clusterSize))
                {
                    parts.Add((at, length, isData ? Read(disk, at, length) : null));
                }

                at += length;
            }
            catch (QedCorruptException)
            {
                at += clusterSize;
            }
        }

        return new ReadableDisk(disk.Length, parts);
    });

    /// <summary>Fails unless all of it can still be read, unchanged.</summary>
    public void Require(MemoryHost host, string name, string when) => host.Do(() =>
    {
        using QedImage image = QedImage.Open(HostFiles.Open(host.PathOf(name), StorageAccess.Inspect));
        IDisk disk = image.ToDisk(backing: null);
        if (disk.Length != _size)
        {
            throw new ViolationException($"The disk has {disk.Length} bytes {when}, not {_size}.");
        }

        foreach ((long offset, long length, byte[]? data) in _parts)
        {
            foreach (DiskExtent extent in ExtentWalk.Over(disk, offset, length, CancellationToken.None))
            {
                ReadOnlySpan<byte> now = extent.State == QedExtentState.Data ? Read(disk, extent.Start, extent.Length) : new byte[data is null ? 0 : extent.Length];
                bool isSame = data is null
                    ? now.IndexOfAnyExcept((byte)0) < 0
                    : now.SequenceEqual(data.AsSpan((int)(extent.Start - offset), (int)extent.Length));
                if (!isSame)
                {
                    throw new ViolationException($"The disk reads differently at {extent.Start} {when}.");
                }
            }
        }
    });

    private static byte[] Read(IDisk disk, long offset, long length)
    {
        byte[] data = new byte[length];
        disk.Read(offset, data);
        return data;
    }
}
