using System;
using QedTools.Disks;
using QedTools.Qed.Metadata;

namespace QedTools.Qed;

/// <summary>The disk that an image makes with the disk of its backing file.</summary>
internal sealed class QedDisk : IDisk
{
    private readonly QedImage _image;
    private readonly IDisk? _backing;

    /// <param name="image">The image.</param>
    /// <param name="backing">Its backing file's disk; null if there is none or it is not wanted.</param>
    public QedDisk(QedImage image, IDisk? backing)
    {
        _image = image;
        _backing = backing;
    }

    public long Length => _image.VirtualSize;

    public DiskExtent ExtentAt(long offset, long length)
    {
        ClusterRun run = _image.Map.RunAt(offset, length);
        if (run.State != QedExtentState.Unallocated || _backing is null || offset >= _backing.Length)
        {
            return new DiskExtent(offset, run.Length, run.State, run.FileOffset, Depth: 0);
        }

        DiskExtent below = _backing.ExtentAt(offset, Math.Min(run.Length, _backing.Length - offset));
        return below.State == QedExtentState.Unallocated ? below : below with { Depth = below.Depth + 1 };
    }
}
