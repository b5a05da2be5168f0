using System;
using System.Buffers;
using System.IO;
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
        (long zeroed, long dropped) = Free(chain, image, options, progress, cancellation);
        chain.RequireUnchanged();
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
    /// <param name="progress">Receives the progress of the check; may be null.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>The check of the image as it is.</returns>
    /// <exception cref="QedException">It cannot be done.</exception>
    public static QedCheckResult Plan(
        string path, ImageOptimizationOptions options, IProgress<OperationProgress>? progress = null, CancellationToken cancellation = default)
    {
        using BackingChain chain = Open(path, options, out QedImage image);
        return RequirePackable(chain, image, progress, cancellation);
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

    private static (long Zeroed, long Dropped) Free(
        BackingChain chain,
        QedImage image,
        ImageOptimizationOptions options,
        IProgress<OperationProgress>? progress,
        CancellationToken cancellation)
    {
        QedGeometry geometry = image.Header.Geometry;

        // Only whole clusters that hold data change: what the backing file shows does not matter, only whether there is one.
        IDisk disk = image.ToDisk(image.Backing is null ? null : new EmptyDisk());
        IDisk own = image.ToDisk(backing: null);
        IDisk? backing = options.AgainstBackingFile && chain.Layers.Count > 1 ? chain.ToDisk(depth: 1) : null;
        long zeroed = 0;
        long dropped = 0;
        byte[] data = ArrayPool<byte>.Shared.Rent(geometry.ClusterSize);
        byte[] shown = ArrayPool<byte>.Shared.Rent(geometry.ClusterSize);
        try
        {
            foreach (DiskExtent extent in ExtentWalk.Over(own, 0, own.Length, cancellation))
            {
                long at = extent.Start;
                for (long left = extent.State == QedExtentState.Data ? extent.Length : 0; left > 0;)
                {
                    cancellation.ThrowIfCancellationRequested();
                    Span<byte> piece = data.AsSpan(0, (int)Math.Min(geometry.ClusterSize, left));
                    own.Read(at, piece);
                    if (backing is not null && ShowsTheSame(backing, at, piece, shown.AsSpan(0, piece.Length)))
                    {
                        image.Unmap(at);
                        dropped++;
                    }
                    else if (ZeroScan.IsZero(piece))
                    {
                        disk.Zero(at, piece.Length);
                        zeroed++;
                    }

                    progress?.Report(new OperationProgress(at, own.Length));
                    at += piece.Length;
                    left -= piece.Length;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(data);
            ArrayPool<byte>.Shared.Return(shown);
        }

        return (zeroed, dropped);
    }

    private static bool ShowsTheSame(IDisk backing, long offset, ReadOnlySpan<byte> data, Span<byte> shown)
    {
        DiskBelow.Read(backing, offset, shown);
        return data.SequenceEqual(shown);
    }
}
