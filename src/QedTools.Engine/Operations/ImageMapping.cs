using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using QedTools.Disks;
using QedTools.Operations;

namespace QedTools;

/// <summary>Reports what an image holds where. Never changes a byte.</summary>
public static class ImageMapping
{
    /// <summary>The extents of a range in order, one at a time; memory use does not depend on their number.</summary>
    /// <param name="path">The image.</param>
    /// <param name="options">Which range, through which layers.</param>
    /// <param name="cancellation">Stops the walk.</param>
    /// <returns>The extents, in order; each is looked up when it is requested.</returns>
    /// <exception cref="QedLimitException">The range is not within the disk.</exception>
    /// <exception cref="QedImageInUseException">Another process has a layer open for writing.</exception>
    /// <exception cref="QedCorruptException">The tables are damaged, and <see cref="ImageMappingOptions.OnDamage"/> is null; the extents
    /// before the damage have been returned by then.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="QedException">A layer cannot be opened or read.</exception>
    public static IEnumerable<QedExtent> Run(string path, ImageMappingOptions options, CancellationToken cancellation = default)
    {
        using MappedDisk disk = MappedDisk.Open(path, options);
        foreach (DiskExtent extent in disk.Walk(options.OnDamage, cancellation))
        {
            if (options.States.Count > 0 && !options.States.Contains(extent.State))
            {
                continue;
            }

            yield return new QedExtent(
                extent.Start,
                extent.Length,
                extent.State,
                extent.State == QedExtentState.Data && extent.FileOffset != DiskExtent.Packed ? extent.FileOffset : null,
                extent.Depth,
                disk.PathOf(extent));
        }
    }
}
