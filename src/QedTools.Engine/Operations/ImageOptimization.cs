using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using QedTools.Chains;
using QedTools.Disks;
using QedTools.Qed;
using QedTools.Qed.Checking;
using QedTools.Qed.Format;
using QedTools.Storage;

namespace QedTools;

/// <summary>Makes images smaller in place, without changing what they read as.</summary>
public static class ImageOptimization
{
    /// <summary>Frees clusters that are leaked or all zeroes, and shortens the file.</summary>
    /// <param name="path">The image.</param>
    /// <param name="options">How to do it.</param>
    /// <param name="progress">Receives the progress over the disk; may be null.</param>
    /// <param name="cancellation">Stops it; the image is valid, and smaller by what was done so far.</param>
    /// <returns>What was achieved.</returns>
    /// <exception cref="QedCorruptException">The image is damaged.</exception>
    /// <exception cref="QedDiskFullException">There is not enough space for what packing needs on the way.</exception>
    /// <exception cref="QedImageInUseException">Another process has the image open.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="QedException">A file cannot be opened, read or written.</exception>
    public static QedOptimizeResult Run(
        string path, ImageOptimizationOptions options, IProgress<OperationProgress>? progress = null, CancellationToken cancellation = default)
    {
        using BackingChain chain = Open(path, options, out QedImage image);
        QedCheckResult check = RequirePackable(chain, image, progress: null, cancellation);
        chain.BeginWriting(0, OtherOverlays.Unaffected, progress: null, cancellation);
        long fileSize = image.Storage.Length;
        long diskUsage = image.Storage.AllocatedBytes;

        // Only whole clusters that hold data change: what the backing file shows does not matter, only whether there is one.
        IDisk disk = image.ToDisk(image.Backing is null ? null : new EmptyDisk());
        long zeroed = 0;
        long dropped = 0;
        foreach (FreedCluster cluster in FindFreed(chain, image, options, progress, cancellation))
        {
            if (cluster.IsInBackingFile)
            {
                image.Unmap(cluster.Offset);
                dropped++;
            }
            else
            {
                disk.Zero(cluster.Offset, cluster.Length);
                zeroed++;
            }
        }

        chain.RequireUnchanged();
        image.RemoveEmptyTables();
        image.Pack();
        image.EndWriting();
        return new QedOptimizeResult
        {
            Path = Path.GetFullPath(path),
            FileSizeBefore = fileSize,
            FileSizeAfter = image.Storage.Length,
            DiskUsageBefore = diskUsage,
            DiskUsageAfter = image.Storage.AllocatedBytes,
            LeakedClusters = check.LeakedClusters,
            ZeroedClusters = zeroed,
            DroppedClusters = dropped,
        };
    }

    /// <summary>Finds everything that would prevent an image from being made smaller, without changing it.</summary>
    /// <param name="path">The image.</param>
    /// <param name="options">How to do it.</param>
    /// <param name="progress">Receives the progress of the check, or over the disk if its data is read; may be null.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>The check of the image as it is, and, if that is wanted, what would be freed.</returns>
    /// <exception cref="QedException">It cannot be done.</exception>
    public static ImageOptimizationPlan Plan(
        string path, ImageOptimizationOptions options, IProgress<OperationProgress>? progress = null, CancellationToken cancellation = default)
    {
        using BackingChain chain = Open(path, options, out QedImage image);
        QedCheckResult check = RequirePackable(chain, image, options.PlansSize ? null : progress, cancellation);
        if (!options.PlansSize)
        {
            return new ImageOptimizationPlan { Check = check };
        }

        long zeroed = 0;
        long dropped = 0;
        long cutShort = 0;
        EmptiedTables emptied = new(image);
        int clusterSize = image.Header.Geometry.ClusterSize;
        foreach (FreedCluster cluster in FindFreed(chain, image, options, progress, cancellation))
        {
            zeroed += cluster.IsInBackingFile ? 0 : 1;
            dropped += cluster.IsInBackingFile ? 1 : 0;
            emptied.Add(cluster);

            // What is there of a cluster that is cut off at the end of the file is no leak when nothing refers to it any more.
            cutShort += cluster.FileOffset > image.File.Layout.FileLength - clusterSize ? 1 : 0;
        }

        chain.RequireUnchanged();
        long length = image.File.Layout.FileLength;
        ImageSurvey survey = ImageChecker.Survey(image.File, progress: null, cancellation);
        long used = survey.Tables.Count + survey.Data.Count;
        long freed = zeroed + dropped + ((survey.EmptyTables + emptied.Count) * image.Header.Geometry.TableSize);
        return new ImageOptimizationPlan
        {
            Check = check,
            ZeroedClusters = zeroed,
            DroppedClusters = dropped,
            FileSizeBefore = length,
            FileSizeAfter = ImageSurvey.PackedLength(image.File, used - freed, check.LeakedClusters + freed - cutShort),
        };
    }

    private static BackingChain Open(string path, ImageOptimizationOptions options, out QedImage image)
    {
        ChainPolicy policy = new(StorageAccess.Write, options.AllowUnc) { Trace = options.Trace };
        return options.AgainstBackingFile
            ? BackingChain.OpenAll(path, DiskFormats.Qed, policy, out image)
            : BackingChain.OpenTop(path, DiskFormats.Qed, policy, out image);
    }

    private static QedCheckResult RequirePackable(
        BackingChain chain, QedImage image, IProgress<OperationProgress>? progress, CancellationToken cancellation)
    {
        chain.RequireWritable(0, OtherOverlays.Unaffected, progress, cancellation);
        QedCheckResult check = image.RequireSound(progress: null, cancellation);
        if (check.Status == QedCheckStatus.Leaks)
        {
            new PackingPlan(image, ImageChecker.Survey(image.File, progress: null, cancellation)).RequireSpace();
        }

        return check;
    }

    // The data clusters that are not needed, in the order of the disk. They can be freed while they are enumerated.
    private static IEnumerable<FreedCluster> FindFreed(
        BackingChain chain,
        QedImage image,
        ImageOptimizationOptions options,
        IProgress<OperationProgress>? progress,
        CancellationToken cancellation)
    {
        int clusterSize = image.Header.Geometry.ClusterSize;
        IDisk own = image.ToDisk(backing: null);
        IDisk? backing = options.AgainstBackingFile && chain.Layers.Count > 1 ? chain.ToDisk(depth: 1) : null;
        using WorkBuffer<byte> data = new(clusterSize);
        using WorkBuffer<byte> shown = new(clusterSize);
        foreach (DiskExtent extent in ExtentWalk.Over(own, 0, own.Length, cancellation))
        {
            long at = extent.Start;
            for (long left = extent.State == QedExtentState.Data ? extent.Length : 0; left > 0;)
            {
                cancellation.ThrowIfCancellationRequested();
                int length = (int)Math.Min(clusterSize, left);
                own.Read(at, data.AsSpan(0, length));
                bool isInBackingFile = backing is not null && ShowsTheSame(backing, at, data.AsSpan(0, length), shown.AsSpan(0, length));
                if (isInBackingFile || ZeroScan.IsZero(data.AsSpan(0, length)))
                {
                    yield return new FreedCluster(at, length, extent.FileOffset + (at - extent.Start), isInBackingFile);
                }

                progress?.Report(new OperationProgress(at, own.Length));
                at += length;
                left -= length;
            }
        }
    }

    // A cluster of the disk that needs no data: where it is there and in the file, in bytes.
    private readonly record struct FreedCluster(long Offset, int Length, long FileOffset, bool IsInBackingFile);

    // Counts the tables that would map nothing once clusters are freed, which are added in the order of the disk.
    private sealed class EmptiedTables(QedImage image)
    {
        private readonly IDisk _own = image.ToDisk(backing: null);
        private long _table = -1;
        private long _cleared;
        private long _done;

        public long Count => _done + (IsEmptied() ? 1 : 0);

        public void Add(in FreedCluster cluster)
        {
            // Over a backing file, zeroes keep an entry.
            if (!cluster.IsInBackingFile && image.Backing is not null)
            {
                return;
            }

            long table = image.Header.Geometry.L1Index(cluster.Offset);
            if (table != _table)
            {
                _done = Count;
                _table = table;
                _cleared = 0;
            }

            _cleared++;
        }

        private bool IsEmptied()
        {
            if (_cleared == 0)
            {
                return false;
            }

            QedGeometry geometry = image.Header.Geometry;
            long start = geometry.VirtualOffset(_table, 0);
            long length = Math.Min(_own.Length - start, geometry.BytesOf(geometry.EntriesPerTable));
            long mapped = ExtentWalk.Over(_own, start, length, CancellationToken.None)
                .Where(extent => extent.State != QedExtentState.Unallocated)
                .Sum(extent => geometry.ClustersCovering(extent.Length));
            return mapped == _cleared;
        }
    }

    private static bool ShowsTheSame(IDisk backing, long offset, ReadOnlySpan<byte> data, Span<byte> shown)
    {
        DiskBelow.Read(backing, offset, shown);
        return data.SequenceEqual(shown);
    }
}
