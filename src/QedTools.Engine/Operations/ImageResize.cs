using System;
using System.Globalization;
using System.Threading;
using QedTools.Chains;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools;

/// <summary>Changes the size of disks.</summary>
public static class ImageResize
{
    /// <summary>What a change of size would do, without doing it.</summary>
    /// <param name="path">The image.</param>
    /// <param name="sizeBytes">The size asked for, in bytes.</param>
    /// <param name="options">How to change it.</param>
    /// <param name="cancellation">Stops the look.</param>
    /// <returns>The sizes before and afterwards, and what would be lost.</returns>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="QedException">It cannot be done.</exception>
    public static ImageResizePlan Plan(string path, long sizeBytes, ImageResizeOptions options, CancellationToken cancellation = default)
    {
        using BackingChain chain = Open(path, sizeBytes, options, out long size);
        IDiskLayer image = chain.Layers[0];
        chain.RequireWritable(0, OthersFor(size, image, options), progress: null, cancellation);
        long discarded = 0;
        IDisk disk = image.ToDisk(backing: null);
        if (size < disk.Length)
        {
            foreach (DiskExtent extent in ExtentWalk.Over(disk, size, disk.Length - size, cancellation))
            {
                discarded += extent.State == QedExtentState.Data ? extent.Length : 0;
            }
        }

        return new ImageResizePlan(disk.Length, size, discarded);
    }

    /// <summary>Changes the size of a disk. What is added reads as zeroes; what is cut off is lost.</summary>
    /// <param name="path">The image.</param>
    /// <param name="sizeBytes">The new size, in bytes; rounded up to a multiple of 512.</param>
    /// <param name="options">How to change it.</param>
    /// <param name="progress">Is told how far the check of the image is; may be null.</param>
    /// <param name="cancellation">Stops before the change.</param>
    /// <returns>The facts of the image afterwards.</returns>
    /// <exception cref="QedLimitException">The image cannot have that size.</exception>
    /// <exception cref="QedShrinkException">It would shrink without being allowed to.</exception>
    /// <exception cref="QedImageInUseException">Another process has the image open.</exception>
    /// <exception cref="QedCorruptException">The check of the image found damage.</exception>
    /// <exception cref="QedBackingFileSharedException">It would shrink, another image lies over it, and that was not allowed.</exception>
    /// <exception cref="OperationCanceledException">It was stopped; nothing is changed.</exception>
    /// <exception cref="QedBackingFileException">The image grows and a backing file that matters then cannot be opened.</exception>
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
        chain.BeginWriting(0, OthersFor(size, image, options), progress, cancellation);

        // A disk that shrinks needs nothing of its backing file.
        IDisk disk = size < image.VirtualSize ? image.ToDisk(new EmptyDisk()) : chain.ToDisk();
        disk.SetLength(size);
        image.EndWriting();
        return ImageInspection.Describe(image, depth: 0) with { InUse = false };
    }

    // What is added reads as zeroes, as it does to overlays now.
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
        long most = layer.MaxVirtualSize;
        if (sizeBytes < 0 || sizeBytes > most)
        {
            throw new QedLimitException(layer.Storage.Path, "SizeBytes", sizeBytes, string.Format(
                CultureInfo.InvariantCulture, "0 bytes to {0}, which is all that this image's tables can map; convert it to larger clusters or tables for more", ByteSize.FormatExact(most)));
        }

        long size = Sector.RoundUp(sizeBytes);
        return size >= layer.VirtualSize || options.Shrink
            ? size
            : throw new QedShrinkException(layer.Storage.Path, sizeBytes, layer.VirtualSize);
    }
}
