using System.Collections.Generic;
using System.IO;
using System.Linq;
using QedTools.Operations;

namespace QedTools.Pictures;

/// <summary>The subject of a picture: everything about the image except its extents.</summary>
internal sealed record MapSubject
{
    // For formats without clusters: the allocation unit of most file systems.
    private const int BlockSize = 4096;

    /// <param name="disk">The image to draw.</param>
    /// <param name="isChain">Whether its backing files are drawn too.</param>
    public MapSubject(MappedDisk disk, bool isChain)
    {
        LayerNames = [.. disk.Layers.Select(path => Path.GetFileName(path))];
        IsChain = isChain;
        VirtualSize = disk.VirtualSize;
        ClusterSize = disk.ClusterSize ?? BlockSize;
        Offset = disk.Offset;
        Length = disk.Length;
    }

    /// <summary>The image's file name.</summary>
    public string Name => LayerNames[0];

    /// <summary>The file names of the layers that are drawn, the image itself first. They can contain any character.</summary>
    public IReadOnlyList<string> LayerNames { get; }

    /// <summary>Whether layers are distinguished.</summary>
    public bool IsChain { get; }

    /// <summary>The size of the disk, in bytes.</summary>
    public long VirtualSize { get; }

    /// <summary>The cluster size, in bytes.</summary>
    public int ClusterSize { get; }

    /// <summary>The offset of the range that is drawn, in bytes.</summary>
    public long Offset { get; }

    /// <summary>The length of the range that is drawn, in bytes.</summary>
    public long Length { get; }

    /// <summary>Whether the whole disk is drawn.</summary>
    public bool IsWhole => Length == VirtualSize;
}
