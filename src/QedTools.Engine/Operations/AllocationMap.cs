using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using QedTools.Chains;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools;

/// <summary>Tells what an image holds where. Never changes a byte.</summary>
public static class AllocationMap
{
    /// <summary>The extents of a range in order, one at a time; memory stays the same however many there are.</summary>
    /// <param name="path">The image.</param>
    /// <param name="options">Which range, through which layers.</param>
    /// <param name="cancellation">Stops the walk.</param>
    /// <exception cref="QedLimitException">The range does not lie on the disk.</exception>
    /// <exception cref="QedImageInUseException">Another process has a layer open for writing.</exception>
    /// <exception cref="QedCorruptException">The tables are damaged; the extents before the damage have been handed out by then.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="QedException">A layer cannot be opened or read.</exception>
    public static IEnumerable<QedExtent> Enumerate(string path, AllocationMapOptions options, CancellationToken cancellation = default)
    {
        ChainPolicy policy = new(options.ForceShare ? StorageAccess.Inspect : StorageAccess.Read, options.AllowUnc) { Trace = options.Trace };
        using BackingChain chain = options.BackingChain
            ? BackingChain.OpenAll(path, DiskFormats.Qed, policy)
            : BackingChain.OpenTop(path, DiskFormats.Qed, policy);
        IDisk disk = chain.ToDisk();
        long offset = options.Offset;
        if (offset < 0 || offset > disk.Length)
        {
            throw new QedLimitException(path, "Offset", offset, $"0 to {ByteSize.FormatExact(disk.Length)}, the disk's size");
        }

        if (options.Length is < 0)
        {
            throw new QedLimitException(path, "Length", options.Length, "0 bytes or more");
        }

        string[] paths = [.. chain.Layers.Select(layer => Path.GetFullPath(layer.Storage.Path))];
        long length = Math.Min(options.Length ?? long.MaxValue, disk.Length - offset);
        foreach (DiskExtent extent in ExtentWalk.Over(disk, offset, length, cancellation))
        {
            if (options.States.Count > 0 && !options.States.Contains(extent.State))
            {
                continue;
            }

            yield return new QedExtent(
                extent.Start,
                extent.Length,
                extent.State,
                extent.State == QedExtentState.Data ? extent.FileOffset : null,
                extent.Depth,
                paths[extent.Depth]);
        }
    }
}
