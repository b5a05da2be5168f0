using System;
using System.Linq;
using System.Threading;
using QedTools.Chains;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Operations;

/// <summary>The disk space that the result of a conversion takes at most. Data is not read for it, so stored zeroes count as data.</summary>
internal static class ConversionSpace
{
    /// <summary>Whether the space must be counted: the whole disk would not fit.</summary>
    /// <param name="disk">The result.</param>
    /// <param name="space">What is free; null if the host does not report it.</param>
    public static bool Matters(NewDisk disk, FreeSpace? space) => space?.AvailableBytes < disk.Size.FullLengthFor(disk.VirtualSize);

    /// <summary>The space for a result, which must be free unless it is not known well enough or that is to be ignored.</summary>
    /// <param name="source">The source.</param>
    /// <param name="backing">The backing file of the result; null if there is none.</param>
    /// <param name="disk">The result.</param>
    /// <param name="space">What is free; null if the host does not report it.</param>
    /// <param name="destinationPath">The file of the result.</param>
    /// <param name="options">How to convert.</param>
    /// <param name="cancellation">Stops the measurement.</param>
    /// <returns>The space, in bytes.</returns>
    /// <exception cref="QedDiskFullException">It is not free.</exception>
    /// <exception cref="QedException">The tables of the source are damaged or could not be read.</exception>
    public static long Require(
        BackingChain source,
        BackingChain? backing,
        NewDisk disk,
        FreeSpace? space,
        string destinationPath,
        DiskConversionOptions options,
        CancellationToken cancellation)
    {
        long required = For(disk, destinationPath, options, () => DiskMeasurement.Measure(
            DiskConversion.ToReadable(source, options.Salvage ? new LostRanges() : null), disk, backing?.ToDisk(), scanZeroes: false, progress: null, cancellation));

        // How small an overlay will be is not known without reading the data.
        if (backing is null && !disk.Size.IsUpperBound && !MayShare(source, space, options))
        {
            Require(required, space, destinationPath, "the result", options);
        }

        return required;
    }

    /// <summary>
    /// Whether the data of a disk may take no space in a result, because blocks are shared. If the file system does not do it after all, the
    /// conversion ends when the space is used up, and leaves nothing.
    /// </summary>
    /// <param name="source">The source.</param>
    /// <param name="space">The free space where the result goes; null if the host does not report it.</param>
    /// <param name="options">How to convert.</param>
    public static bool MayShare(BackingChain source, FreeSpace? space, DiskConversionOptions options) =>
        space is { MayShareBlocks: true, Device: { } device }
        && !options.FullyAllocated
        && !options.Compress
        && source.Layers.All(layer => layer.Storage.FreeSpace?.Device == device);

    /// <summary>Requires that the space for results is free, unless that is to be ignored or is not known, as for a damaged disk.</summary>
    /// <param name="required">The space, in bytes.</param>
    /// <param name="space">What is free; null if the host does not report it.</param>
    /// <param name="destinationPath">The file or folder of the results.</param>
    /// <param name="what">The results, in words.</param>
    /// <param name="options">How to convert.</param>
    /// <exception cref="QedDiskFullException">It is not free.</exception>
    public static void Require(long required, FreeSpace? space, string destinationPath, string what, DiskConversionOptions options)
    {
        if (space is { AvailableBytes: var available } && required > available && !options.Salvage && !options.IgnoreFreeSpace)
        {
            throw QedDiskFullException.ForSpace(
                destinationPath,
                "write",
                what,
                required,
                available,
                "Nothing was written.",
                options.FullyAllocated ? QedRemedy.None : QedRemedy.IgnoreFreeSpace);
        }
    }

    /// <summary>The space that a layer of a chain takes as a result that holds only what the layer holds itself.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="below">The disk below the layer; null if there is none.</param>
    /// <param name="disk">The result.</param>
    /// <param name="destinationPath">The file of the result.</param>
    /// <param name="options">How to convert.</param>
    /// <param name="cancellation">Stops the measurement.</param>
    /// <returns>The space, in bytes.</returns>
    /// <exception cref="QedException">The tables of the layer are damaged or could not be read.</exception>
    public static long ForLayer(
        IDiskLayer layer, IDisk? below, NewDisk disk, string destinationPath, DiskConversionOptions options, CancellationToken cancellation) =>
        For(disk, destinationPath, options, () =>
        {
            MeteredDisk meter = DiskMeasurement.MeterFor(disk, below);
            foreach (DiskExtent extent in DiskConversion.OwnExtents(layer.ToDisk(backing: null), disk.VirtualSize, disk.Size.Granule, cancellation))
            {
                if (extent.State == QedExtentState.Data)
                {
                    meter.AddData(extent.Start, extent.Length);
                }
                else if (below is not null)
                {
                    meter.AddZeroes(extent.Start, extent.Length);
                }
            }

            return meter;
        });

    private static long For(NewDisk disk, string destinationPath, DiskConversionOptions options, Func<MeteredDisk> measure)
    {
        IDiskFormat format = DiskFormats.Of(DiskConversion.FormatOf(destinationPath, options.Format));
        bool keepsHoles = !options.FullyAllocated && HostFiles.KeepsHoles(mayBeSparse: !format.RefusesSparseFiles);
        return disk.Size.HoldsAll && !keepsHoles ? disk.Size.FullLengthFor(disk.VirtualSize)
            : keepsHoles ? measure().AllocatedBytes
            : measure().RequiredBytes;
    }
}
