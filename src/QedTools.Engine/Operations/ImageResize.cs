using System;
using System.Globalization;
using System.Threading;
using QedTools.Chains;
using QedTools.Disks;
using QedTools.Operations;
using QedTools.Storage;

namespace QedTools;

/// <summary>Changes the size of disks.</summary>
public static class ImageResize
{
    /// <summary>Reports what a change of size would do, without doing it.</summary>
    /// <param name="path">The image.</param>
    /// <param name="sizeBytes">The requested size, in bytes.</param>
    /// <param name="options">How to change it.</param>
    /// <param name="cancellation">Stops the planning.</param>
    /// <returns>The sizes before and afterwards, and what would be lost.</returns>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="QedException">It cannot be done.</exception>
    public static ImageResizePlan Plan(string path, long sizeBytes, ImageResizeOptions options, CancellationToken cancellation = default)
    {
        using BackingChain chain = Open(path, sizeBytes, options, out long size);
        IDiskLayer image = chain.Layers[0];
        ResizedPartitions partitions = ResizedPartitions.Find(chain, size, options);
        chain.RequireWritable(0, OthersFor(size, image, options), progress: null, cancellation);
        partitions.Report(options.Trace);
        long discarded = 0;
        IDisk disk = image.ToDisk(backing: null);
        if (size < disk.Length)
        {
            foreach (DiskExtent extent in ExtentWalk.Over(disk, size, disk.Length - size, cancellation))
            {
                discarded += extent.State == QedExtentState.Data ? extent.Length : 0;
            }
        }

        return partitions.Complete(new ImageResizePlan(disk.Length, size, discarded));
    }

    /// <summary>Changes the size of a disk. What is added reads as zeroes; what is cut off is lost.</summary>
    /// <param name="path">The image.</param>
    /// <param name="sizeBytes">The new size, in bytes; rounded up to a multiple of 512.</param>
    /// <param name="options">How to change it.</param>
    /// <param name="progress">Receives the progress of the check of the image; may be null.</param>
    /// <param name="cancellation">Stops before the change.</param>
    /// <returns>The facts of the image afterwards.</returns>
    /// <exception cref="QedLimitException">The image cannot have that size.</exception>
    /// <exception cref="QedShrinkException">It would shrink, or cut off a part of a partition, without being allowed to.</exception>
    /// <exception cref="QedImageInUseException">Another process has the image open.</exception>
    /// <exception cref="QedCorruptException">The check of the image found damage.</exception>
    /// <exception cref="QedBackingFileSharedException">It would shrink, another image is based on it, and that was not allowed.</exception>
    /// <exception cref="OperationCanceledException">It was stopped; nothing is changed.</exception>
    /// <exception cref="QedBackingFileException">The image would grow, and a backing file that then matters cannot be opened.</exception>
    /// <exception cref="QedException">The image cannot be opened or changed.</exception>
    public static QedImageInfo Run(
        string path,
        long sizeBytes,
        ImageResizeOptions options,
        IProgress<OperationProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        using BackingChain chain = Open(path, sizeBytes, options, out long size);
        IDiskLayer image = chain.Layers[0];
        ResizedPartitions partitions = ResizedPartitions.Find(chain, size, options);
        chain.BeginWriting(0, OthersFor(size, image, options), progress, cancellation);
        partitions.Report(options.Trace);

        // A disk that shrinks needs nothing from its backing file.
        IDisk disk = size < image.VirtualSize ? image.ToDisk(new EmptyDisk()) : chain.ToDisk();
        disk.SetLength(size);
        image.EndWriting();
        return ImageInspection.Describe(image, depth: 0) with { InUse = false };
    }

    // What is added reads as zeroes, which is what overlays read there now.
    private static OtherOverlays OthersFor(long size, IDiskLayer image, ImageResizeOptions options) =>
        size >= image.VirtualSize ? OtherOverlays.Unaffected : options.AllowOtherOverlays ? OtherOverlays.Allow : OtherOverlays.Refuse;

    private static BackingChain Open(string path, long sizeBytes, ImageResizeOptions options, out long size)
    {
        BackingChain chain = BackingChain.OpenTop(path, DiskFormats.Qed, new ChainPolicy(StorageAccess.Write, options.AllowUnc) { Trace = options.Trace });
        try
        {
            size = Require(chain.Layers[0], sizeBytes, options);
            while (size > chain.Layers[0].VirtualSize && chain.OpenNext())
            {
            }

            return chain;
        }
        catch
        {
            chain.Dispose();
            throw;
        }
    }

    private static long Require(IDiskLayer layer, long sizeBytes, ImageResizeOptions options)
    {
        long max = layer.MaxVirtualSize;
        if (sizeBytes < 0 || sizeBytes > max)
        {
            throw new QedLimitException(layer.Storage.Path, "SizeBytes", sizeBytes, string.Format(
                CultureInfo.InvariantCulture, "0 bytes to {0}, the most that this image's tables can map; convert it to larger clusters or tables for more", ByteSize.FormatExact(max)));
        }

        long size = Sector.RoundUp(sizeBytes);
        return size >= layer.VirtualSize || options.Shrink
            ? size
            : throw new QedShrinkException(layer.Storage.Path, sizeBytes, layer.VirtualSize);
    }
}
