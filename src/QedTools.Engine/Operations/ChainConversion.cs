using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using QedTools.Chains;
using QedTools.Disks;
using QedTools.Operations;
using QedTools.Storage;

namespace QedTools;

/// <summary>
/// Converts chains as chains: a base and its overlays become a base and overlays of another format, each file once, however many overlays
/// share it. Every result holds only what its source holds.
/// </summary>
public static class ChainConversion
{
    /// <summary>The files that will be made for some chains, each after the one below it; and every problem that can be found in advance.</summary>
    /// <param name="paths">The images on top of the chains.</param>
    /// <param name="folder">The folder of the results, which keep the names of their sources with the extension of the format.</param>
    /// <param name="options">How to convert; the format must be given, and no backing file. What is said about the source applies to the images on top.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>The steps, in the order in which they must be done, and the disk space that they need.</returns>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="QedDiskFullException">There may not be enough space for all results, and that is not to be ignored.</exception>
    /// <exception cref="QedFileExistsException">A result exists and is not to be replaced.</exception>
    /// <exception cref="QedLimitException">The format requires that all disks of a chain have one size, and they have not.</exception>
    /// <exception cref="QedRequestException">The format has no backing files, or two files would become the same one.</exception>
    /// <exception cref="QedException">A layer cannot be opened.</exception>
    public static ChainConversionPlan Plan(
        IEnumerable<string> paths, string folder, DiskConversionOptions options, CancellationToken cancellation = default)
    {
        if (options.Snapshot is not null)
        {
            throw new QedRequestException(
                folder, nameof(options.Snapshot), options.Snapshot, "none", $"The snapshot '{options.Snapshot}' cannot be chosen for chains: their files are shared, and each is converted as it is now. Convert that image alone.");
        }

        if (DiskContentsOptions.Chosen(options.Partition) is { } partition)
        {
            throw new QedRequestException(
                folder, nameof(options.Partition), partition, "none", $"Partition {partition} cannot be chosen for chains: their files are converted as a whole. Convert that image alone.");
        }

        QedDiskFormat kind = DiskConversion.FormatOf(folder, options.Format);
        IDiskFormat format = DiskFormats.Of(kind);
        FreeSpace? space = HostFiles.FreeSpaceNear(Path.Combine(folder, "result"));
        bool mayShare = true;
        List<ChainConversionStep> steps = [];
        Dictionary<string, ChainConversionStep> known = new(StringComparer.Ordinal);
        Dictionary<string, string> sources = new(HostFiles.NameComparer);
        foreach (string path in paths)
        {
            cancellation.ThrowIfCancellationRequested();
            using BackingChain chain = BackingChain.OpenAll(path, DiskFormats.ForReading, options.ToPolicy());
            mayShare &= ConversionSpace.MayShare(chain, space, options);
            ChainConversionStep? below = null;
            for (int depth = chain.Layers.Count - 1; depth >= 0; depth--)
            {
                IDiskLayer layer = chain.Layers[depth];
                if (!known.TryGetValue(layer.Storage.Identity, out ChainConversionStep? step))
                {
                    SourceDamage.Warn([layer], options, cancellation);
                    step = StepFor(layer, below, folder, format, depth == 0 ? options.SourceBackingFile : null);
                    NewDisk disk = Require(step, layer, format, sources, options);
                    IDisk? under = depth + 1 < chain.Layers.Count ? chain.ToDisk(depth + 1) : null;
                    step = step with
                    {
                        VirtualSize = disk.VirtualSize,
                        RequiredBytes = RequiredFor(step, layer, under, disk, options, cancellation),
                    };
                    if (below is not null && format.OverlaysKeepSize && step.VirtualSize != below.VirtualSize)
                    {
                        throw new QedLimitException(
                            step.Path,
                            "SizeBytes",
                            step.VirtualSize,
                            $"{below.VirtualSize} bytes, the size of the disk below it",
                            $"'{step.Path}' has {step.VirtualSize} bytes and '{below.Path}' below it has {below.VirtualSize}: in {format.Name} both must have the same size. Convert all of the chain to disks of one size, or choose another format.",
                            QedRemedy.EnlargeDisk);
                    }

                    known.Add(layer.Storage.Identity, step);
                    steps.Add(step);
                }

                below = step;
            }
        }

        foreach (ChainConversionStep step in steps)
        {
            if (HostFiles.IdentityOf(step.DestinationPath) is { } identity && known.ContainsKey(identity))
            {
                throw new QedRequestException(
                    step.DestinationPath,
                    "DestinationPath",
                    step.DestinationPath,
                    "a folder without the files that are read",
                    $"'{step.DestinationPath}' is one of the files that are read. Name another folder.");
            }

            // Held for a moment: whether there can be a new file of that name.
            ReservedName.Hold(step.DestinationPath, options.Replace, makesFolder: true).Dispose();
        }

        long required = steps.Aggregate(0L, (sum, step) => step.RequiredBytes > long.MaxValue - sum ? long.MaxValue : sum + step.RequiredBytes);
        if (!options.Compress && !mayShare)
        {
            ConversionSpace.Require(required, space, Path.GetFullPath(folder), steps.Count == 1 ? "the result" : "the results", options);
        }

        return new ChainConversionPlan(steps, required, steps.Count == 0 ? null : space?.AvailableBytes);
    }

    /// <summary>Makes sure that an image and all files below it can be opened.</summary>
    /// <param name="path">The image.</param>
    /// <param name="options">How to convert.</param>
    /// <exception cref="QedException">One cannot.</exception>
    public static void RequireComplete(string path, DiskConversionOptions options) =>
        BackingChain.OpenAll(path, DiskFormats.ForReading, options.ToPolicy()).Dispose();

    /// <summary>Converts one file of a chain. The file below it must have been converted before.</summary>
    /// <param name="step">A step of <see cref="Plan"/>.</param>
    /// <param name="options">The options that it was planned with.</param>
    /// <param name="progress">Receives the bytes of the disk copied, and compared if asked for; may be null.</param>
    /// <param name="cancellation">Stops the conversion; nothing is left then.</param>
    /// <returns>The facts of the result.</returns>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="QedException">As for <see cref="DiskConversion.Run"/>.</exception>
    public static QedImageInfo Run(
        ChainConversionStep step, DiskConversionOptions options, IProgress<OperationProgress>? progress = null, CancellationToken cancellation = default)
    {
        bool isTop = step.SourceBackingFile is not null;
        return DiskConversion.Run(
            step.Path,
            step.DestinationPath,
            options with
            {
                SourceFormat = step.SourceFormat,
                SourceBackingFile = isTop ? step.SourceBackingFile : null,
                BackingFile = step.BackingFile,

                // The results are not from elsewhere.
                BackingFolders = options.BackingFolders.Count == 0 || step.BackingFile is null
                    ? options.BackingFolders
                    : [.. options.BackingFolders, HostFiles.FolderOf(step.DestinationPath)],
                OnlyOwnExtents = step.BackingFile is not null,
            },
            progress,
            cancellation);
    }

    // A colon would be read as a protocol.
    private static string StoredNameOf(string destinationPath) =>
        Path.GetFileName(destinationPath) is var name && BackingFilePath.HasProtocol(name) ? "./" + name : name;

    private static ChainConversionStep StepFor(
        IDiskLayer layer, ChainConversionStep? below, string folder, IDiskFormat format, string? sourceBackingFile)
    {
        string path = Path.GetFullPath(layer.Storage.Path);
        string destination = Path.Combine(Path.GetFullPath(folder), Path.ChangeExtension(Path.GetFileName(path), format.Extensions[0]));
        return new ChainConversionStep(path, layer.VirtualSize, destination, below is null ? null : StoredNameOf(below.DestinationPath))
        {
            SourceFormat = DiskFormats.Named(layer.FormatName).Kind ?? QedDiskFormat.Raw,
            SourceBackingFile = layer.Backing is null ? null : sourceBackingFile,
        };
    }

    // A layer whose tables are damaged is an error when its turn comes, and the others are converted nevertheless.
    private static long RequiredFor(
        ChainConversionStep step, IDiskLayer layer, IDisk? below, NewDisk disk, DiskConversionOptions options, CancellationToken cancellation)
    {
        try
        {
            return ConversionSpace.ForLayer(layer, below, disk, step.DestinationPath, options, cancellation);
        }
        catch (QedException)
        {
            return 0;
        }
    }

    // What the format says about such a file, before the one below it is there to be examined.
    private static NewDisk Require(
        ChainConversionStep step, IDiskLayer layer, IDiskFormat format, Dictionary<string, string> sources, DiskConversionOptions options)
    {
        NewDisk disk;
        try
        {
            disk = format.Resolve(step.DestinationPath, DiskConversion.RequestFor(layer, layer.VirtualSize, step.DestinationPath, options) with
            {
                Backing = step.BackingFile is { } name ? new BackingReference(name, IsRaw: false) : null,
            });
        }
        catch (QedRequestException e) when (e.Parameter == "BackingFile")
        {
            throw new QedRequestException(
                step.DestinationPath,
                "Format",
                format.Name,
                "a format that has backing files",
                $"'{step.Path}' cannot be converted as a part of a chain: {format.Name} files have no backing files. Choose QED, qcow2, VHDX or VHD.");
        }

        if (sources.TryGetValue(step.DestinationPath, out string? other))
        {
            throw new QedRequestException(
                step.DestinationPath,
                "DestinationPath",
                step.DestinationPath,
                "files whose names differ in more than folder and extension",
                $"Both '{other}' and '{step.Path}' would become '{step.DestinationPath}'. Rename one of them, or convert them into different folders.");
        }

        sources.Add(step.DestinationPath, step.Path);
        return disk;
    }
}
