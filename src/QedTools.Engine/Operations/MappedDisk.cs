using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using QedTools.Chains;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Operations;

/// <summary>An image that is open for mapping the extents of a range of its disk.</summary>
internal sealed class MappedDisk : IDisposable
{
    private readonly BackingChain _chain;
    private readonly IDisk _disk;

    private MappedDisk(BackingChain chain, long offset, long? length)
    {
        _chain = chain;
        _disk = chain.ToDisk();
        string path = chain.Layers[0].Storage.Path;
        if (offset < 0 || offset > _disk.Length)
        {
            throw new QedLimitException(path, "Offset", offset, $"0 to {ByteSize.FormatExact(_disk.Length)}, the disk's size");
        }

        if (length is < 0)
        {
            throw new QedLimitException(path, "Length", length, "0 bytes or more");
        }

        Layers = [.. chain.Layers.Select(layer => Path.GetFullPath(layer.Storage.Path))];
        Offset = offset;
        Length = Math.Min(length ?? long.MaxValue, _disk.Length - offset);
        ClusterSize = chain.Layers[0].AllocationUnit;
    }

    /// <summary>The full paths of the layers that are examined, the image itself first.</summary>
    public IReadOnlyList<string> Layers { get; }

    /// <summary>The full path of the file that an extent's data is in, or, without data, of the layer that determines the contents.</summary>
    public string PathOf(in DiskExtent extent) =>
        extent.File > 0 && _chain.Layers[extent.Depth] is IMultiFileLayer layer
            ? Path.GetFullPath(layer.Files[extent.File - 1].Path)
            : Layers[extent.Depth];

    /// <summary>The size of the disk, in bytes.</summary>
    public long VirtualSize => _disk.Length;

    /// <summary>The unit in which the image is allocated, its clusters, in bytes; null if there is none.</summary>
    public int? ClusterSize { get; }

    /// <summary>Where the range begins, in bytes.</summary>
    public long Offset { get; }

    /// <summary>The length of the range, in bytes; it ends within the disk.</summary>
    public long Length { get; }

    /// <summary>Opens an image.</summary>
    /// <param name="path">The image.</param>
    /// <param name="options">Which range, through which layers.</param>
    /// <exception cref="QedLimitException">The range is not within the disk.</exception>
    /// <exception cref="QedException">A layer cannot be opened.</exception>
    public static MappedDisk Open(string path, ImageMappingOptions options)
    {
        ChainPolicy policy = options.ToPolicy();
        BackingChain chain = options.BackingChain || options.SourceBackingFile is not null
            ? BackingChain.OpenAll(path, DiskFormats.ForInspection, policy)
            : BackingChain.OpenTop(path, DiskFormats.ForInspection, policy);
        try
        {
            return new MappedDisk(chain, options.Offset, options.Length);
        }
        catch
        {
            chain.Dispose();
            throw;
        }
    }

    /// <summary>Whether a path leads to one of the layers.</summary>
    public bool Includes(string path) => HostFiles.IdentityOf(path) is { } identity && _chain.Contains(identity);

    /// <summary>The maximal extents of the range in order, whatever their state; nothing is buffered.</summary>
    /// <param name="onDamage">Called for damaged ranges, which are then returned as such; if null, the walk ends at the first one.</param>
    /// <param name="cancellation">Stops the walk.</param>
    /// <exception cref="QedCorruptException">The tables are damaged, and <paramref name="onDamage"/> is null; the extents before the damage
    /// have been returned by then.</exception>
    /// <exception cref="QedException">A layer cannot be read.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public IEnumerable<DiskExtent> Walk(Action<QedCorruptException>? onDamage, CancellationToken cancellation)
    {
        if (onDamage is null)
        {
            return ExtentWalk.Over(_disk, Offset, Length, cancellation);
        }

        return ExtentWalk.Over(_disk, Offset, Length, cancellation, LayerOf);

        int LayerOf(QedCorruptException damage)
        {
            onDamage(damage);
            return Math.Max(0, Layers.ToList().IndexOf(Path.GetFullPath(damage.Path)));
        }
    }

    /// <summary>Closes the image and its backing files.</summary>
    public void Dispose() => _chain.Dispose();
}
