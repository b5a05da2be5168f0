using System;
using QedTools.Qed.Files;
using QedTools.Qed.Format;

namespace QedTools.Qed.Metadata;

/// <summary>Allocates clusters at the end of the file.</summary>
/// <remarks>
/// A cluster that becomes free is not allocated again in the same session: a reader may be about to read it, a crash could
/// bring back the entry that pointed to it, and in a damaged image another entry may still point to it. When the image is
/// closed it is checked and the file is packed.
/// </remarks>
internal sealed class ClusterAllocator : INewClusters
{
    private readonly string _path;
    private readonly QedGeometry _geometry;
    private readonly bool _hasTail;
    private long _clusters; // of the file, at the length that it will have
    private long _newFrom;

    /// <param name="path">The file, for messages.</param>
    /// <param name="geometry">The cluster and table sizes.</param>
    /// <param name="fileLength">The file's length, in bytes; a partial cluster at its end becomes a whole one when something is appended.</param>
    public ClusterAllocator(string path, QedGeometry geometry, long fileLength)
    {
        _path = path;
        _geometry = geometry;
        _hasTail = geometry.OffsetInCluster(fileLength) != 0;
        _clusters = geometry.ClustersCovering(fileLength);
        _newFrom = _clusters;
    }

    public long GrownEnd => HasGrown ? End : 0;

    public bool IsNew(long offset) => _geometry.ClusterAt(offset) >= _newFrom;

    /// <summary>The end of the last cluster allocated, in bytes, at most the largest that a file can have; valid only if <see cref="HasGrown"/>.</summary>
    public long End => _geometry.EndOf(_clusters - 1);

    /// <summary>Whether clusters were allocated, so that the file must extend to <see cref="End"/>.</summary>
    public bool HasGrown { get; private set; }

    /// <summary>Whether clusters became free.</summary>
    public bool HasFree { get; private set; }

    /// <summary>Allocates contiguous clusters, which read as zeroes.</summary>
    /// <returns>Where the first begins, in bytes.</returns>
    /// <exception cref="QedLimitException">The file would be longer than 63 bits can count.</exception>
    public long Allocate(long clusters)
    {
        if (clusters > _geometry.MaxFileClusters - _clusters)
        {
            throw new QedLimitException(
                _path,
                "FileLength",
                _geometry.MaxFileClusters,
                $"up to {_geometry.MaxFileClusters} clusters",
                $"'{_path}' cannot grow any further: a file has at most {long.MaxValue} bytes. Convert the disk to a new image, which takes only the space it needs.");
        }

        long offset = End;
        HasFree |= _hasTail; // nothing may refer to it
        _clusters += clusters;
        HasGrown = true;
        return offset;
    }

    /// <summary>Reserves the file up to an offset: clusters are allocated after it, and the file extends to it.</summary>
    /// <param name="end">A cluster's end, in bytes.</param>
    public void Reserve(long end)
    {
        _clusters = Math.Max(_clusters, _geometry.WholeClusters(end));
        HasGrown = true;
    }

    /// <summary>Frees the clusters that were allocated last; they read as zeroes again.</summary>
    /// <param name="offset">Where the first begins, in bytes.</param>
    public void FreeLast(long offset) => _clusters = _geometry.WholeClusters(offset);

    /// <summary>Notes that clusters became free, or that some allocated ones were not used after all.</summary>
    public void NoteFree() => HasFree = true;

    /// <summary>Notes that the file was packed.</summary>
    /// <param name="end">The end of the last cluster in use, in bytes.</param>
    public void Reset(long end)
    {
        HasFree = false;
        _clusters = _geometry.WholeClusters(end);
        _newFrom = _clusters;
    }
}
