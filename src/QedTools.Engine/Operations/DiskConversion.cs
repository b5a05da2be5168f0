using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Threading;
using QedTools.Chains;
using QedTools.Disks;
using QedTools.Operations;
using QedTools.Storage;

namespace QedTools;

/// <summary>Converts disks between formats. The result appears complete or not at all.</summary>
public static class DiskConversion
{
    /// <summary>The format that a conversion produces: raw on a block device, else the requested one or that of the extension.</summary>
    /// <param name="destinationPath">The result's file, or a block device.</param>
    /// <param name="format">The requested format, or null.</param>
    /// <exception cref="QedRequestException">The destination's extension does not indicate a format, and none was requested.</exception>
    public static QedDiskFormat FormatOf(string destinationPath, QedDiskFormat? format) => format
        ?? (HostFiles.IsBlockDevice(destinationPath) ? QedDiskFormat.Raw : DiskFormats.OfExtension(destinationPath)?.Kind)
        ?? throw new QedRequestException(destinationPath, "Format", "(none)", "a format, or an extension that means one", string.Format(
            CultureInfo.InvariantCulture,
            "The extension of '{0}' does not indicate a format. The formats are {1}; their extensions are {2}.",
            destinationPath,
            string.Join(", ", DiskFormats.All.Where(known => known.Kind is not null).Select(known => known.Kind)),
            string.Join(", ", DiskFormats.All.Where(known => known.Kind is not null).SelectMany(known => known.Extensions))), QedRemedy.GiveFormat);

    /// <summary>The extension for a file of a format, with the dot.</summary>
    /// <param name="format">The format.</param>
    public static string ExtensionOf(QedDiskFormat format) => DiskFormats.Of(format).Extensions[0];

    /// <summary>Finds out what the conversion would make, and every problem that can be found in advance.</summary>
    /// <param name="path">The source.</param>
    /// <param name="destinationPath">The result's file.</param>
    /// <param name="options">How to convert.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>The size of the new disk, and the disk space that it needs.</returns>
    /// <exception cref="QedDiskFullException">There may not be enough space for the result, and that is not to be ignored.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="QedException">The conversion is not possible.</exception>
    public static DiskConversionPlan Plan(string path, string destinationPath, DiskConversionOptions options, CancellationToken cancellation = default)
    {
        using BackingChain source = OpenSource(path, options);
        RequireTargetIsZeroPossible(destinationPath, options);
        SourceDamage.Warn(source.Layers, options, cancellation);
        if (ExistingTarget.IsMeant(destinationPath, options))
        {
            using ExistingTarget existing = ExistingTarget.Open(source, destinationPath, options);
            return new DiskConversionPlan(source.VirtualSize, RequiredBytes: 0, AvailableBytes: null)
            {
                OverwrittenBytes = existing.Layer.VirtualSize,
                OverwritesDevice = existing.IsDevice,
            };
        }

        using ReservedName name = Reserve(source, destinationPath, options);
        NewDisk disk = Examine(source, destinationPath, options);
        using BackingChain? backing = OpenBacking(destinationPath, disk, options with { Trace = null });
        FreeSpace? space = HostFiles.FreeSpaceNear(destinationPath);
        long? required = options.CountsSpace || ConversionSpace.Matters(disk, space)
            ? ConversionSpace.Require(source, backing, disk, space, destinationPath, options, cancellation)
            : null;
        using NewDiskFiles files = NewDiskFiles.Hold(name, disk, source, options);
        return new DiskConversionPlan(disk.VirtualSize, required, space?.AvailableBytes);
    }

    /// <summary>Converts a disk.</summary>
    /// <param name="path">The source: its format is the one that the options name, else that of its extension, else that of its contents.</param>
    /// <param name="destinationPath">The result's file; its folder must exist, unless it is to be created.</param>
    /// <param name="options">How to convert.</param>
    /// <param name="progress">Receives the bytes of the disk copied, and compared if requested; may be null.</param>
    /// <param name="cancellation">Stops the conversion; nothing is left behind.</param>
    /// <returns>The facts of the result.</returns>
    /// <exception cref="QedFileExistsException">The destination exists and is not to be replaced.</exception>
    /// <exception cref="QedDiskFullException">There is no space for the result.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="QedException">The source cannot be read, the result cannot be written, or it cannot have what was requested.</exception>
    public static QedImageInfo Run(
        string path,
        string destinationPath,
        DiskConversionOptions options,
        IProgress<OperationProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        using BackingChain source = OpenSource(path, options);
        RequireTargetIsZeroPossible(destinationPath, options);
        SourceDamage.Warn(options.OnlyOwnExtents ? [source.Layers[0]] : source.Layers, options, cancellation);
        LostRanges? lost = options.Salvage ? new LostRanges() : null;
        if (ExistingTarget.IsMeant(destinationPath, options))
        {
            using ExistingTarget existing = ExistingTarget.Open(source, destinationPath, options);
            string? hashOfExisting = existing.Fill(source, destinationPath, options, lost, progress, cancellation);
            return Describe(existing.Layer, destinationPath, source, lost, options) with { Hash = hashOfExisting };
        }

        using ReservedName name = Reserve(source, destinationPath, options);
        NewDisk disk = Examine(source, destinationPath, options);
        using BackingChain? backing = OpenBacking(destinationPath, disk, options);

        FreeSpace? space = HostFiles.FreeSpaceNear(destinationPath);
        if (ConversionSpace.Matters(disk, space))
        {
            ConversionSpace.Require(source, backing, disk, space, destinationPath, options, cancellation);
        }

        using NewFolder? folder = options.MakeFolder ? NewFolder.For(destinationPath) : null;
        using NewDiskFiles files = NewDiskFiles.Hold(name, disk, source, options);
        IDiskFormat format = DiskFormats.Of(FormatOf(destinationPath, options.Format));
        IDiskLayer layer = files.Create(mayBeSparse: !format.RefusesSparseFiles && !options.FullyAllocated, options.Trace);
        layer.Follow(options.Trace, destinationPath);
        if (options.FullyAllocated)
        {
            FullAllocation.Reserve(DataOf(layer));
        }

        string? hash = Copy(source, layer, backing?.ToDisk(), disk, options, lost, progress, cancellation);
        source.RequireUnchanged();
        backing?.RequireUnchanged();
        files.EndGrowth();
        QedImageInfo info = Describe(layer, destinationPath, source, lost, options) with { Hash = hash };
        files.Commit(flush: !options.NoFlush);
        folder?.Keep(flush: !options.NoFlush);
        return info;
    }

    private static QedImageInfo Describe(IDiskLayer layer, string destinationPath, BackingChain source, LostRanges? lost, DiskConversionOptions options)
    {
        QedImageInfo info = ImageInspection.Describe(layer, destinationPath) with { LostRanges = lost?.ToList(), LostBytes = lost?.Bytes };
        WarnOfLoss(info, source, options.Trace);
        return info;
    }

    // A new file always reads as zeroes.
    private static void RequireTargetIsZeroPossible(string destinationPath, DiskConversionOptions options)
    {
        if (options.TargetIsZero && !ExistingTarget.IsMeant(destinationPath, options))
        {
            throw new QedRequestException(
                destinationPath,
                nameof(options.TargetIsZero),
                true,
                "an existing file or a block device",
                $"That the target reads as zeroes can only be said of a file or a device that is written into. '{destinationPath}' would be a new file, of which it is known.",
                QedRemedy.WriteIntoExisting);
        }
    }

    /// <summary>Opens the source with all that is below it.</summary>
    internal static BackingChain OpenSource(string path, DiskConversionOptions options) => BackingChain.OpenAll(
        path,
        DiskFormats.ForReading,
        options.ToPolicy());

    /// <summary>Opens the backing file of the result with all that is below it; null if there is none.</summary>
    /// <exception cref="QedFileChangedException">Its contents have changed since it was examined.</exception>
    /// <exception cref="QedException">It cannot be opened.</exception>
    internal static BackingChain? OpenBacking(string destinationPath, NewDisk disk, DiskConversionOptions options)
    {
        if (disk.Backing is not { } reference)
        {
            return null;
        }

        BackingChain chain = BackingChain.OpenAll(
            BackingFilePath.Resolve(destinationPath, reference.Name, allowUnc: true),
            BackingChain.FormatOf(reference),
            options.ToPolicy().ForOtherDisk() with { Trace = options.Trace?.WithoutWarnings() });
        if (reference.ContentId is null || reference.ContentId == chain.Layers[0].ContentId)
        {
            return chain;
        }

        // It was written to after it was examined.
        string path = chain.Layers[0].Storage.Path;
        chain.Dispose();
        throw QedFileChangedException.ForContents(path);
    }

    // Held from the first check on, so that the file that is replaced is the one that was checked.
    private static ReservedName Reserve(BackingChain source, string destinationPath, DiskConversionOptions options)
    {
        if (HostFiles.IdentityOf(destinationPath) is { } identity && source.Contains(identity))
        {
            throw new QedRequestException(
                destinationPath,
                "DestinationPath",
                destinationPath,
                "a file other than those that are read",
                $"'{destinationPath}' is the source itself or a file that it is based on, which is read while the result is written. Name another file.");
        }

        return ReservedName.Hold(destinationPath, options.Replace, options.MakeFolder, options.Trace);
    }

    /// <summary>The new disk that the options ask for.</summary>
    internal static NewDisk Examine(BackingChain source, string destinationPath, DiskConversionOptions options)
    {
        DiskRequest request = RequestFor(source.Layers[0], source.VirtualSize, destinationPath, options);
        IDiskFormat format = DiskFormats.Of(FormatOf(destinationPath, options.Format));
        if (options.FullyAllocated && !options.IsFixed && format != DiskFormats.Raw)
        {
            throw new QedRequestException(
                destinationPath,
                nameof(options.FullyAllocated),
                true,
                "a raw or a fixed disk",
                $"A file without holes is not possible for '{destinationPath}': only raw files and files of fixed size can be fully allocated, and this {format.Name} file grows as needed. Choose a fixed size or another format.");
        }

        BackingFileChoice? backing = null;
        if (options.BackingFile is { } name)
        {
            // Whether the format supports a backing file at all is checked before this one is examined.
            format.Resolve(destinationPath, request with { Backing = new BackingReference(name, IsRaw: false) });
            backing = BackingFileChoice.Examine(destinationPath, name, options.BackingFormat, allowMissing: false, options.Trace, BackingFolderSet.Of(options.BackingFolders));
            request = request with { Backing = backing?.Reference, BackingFacts = backing?.Facts };
        }

        NewDisk disk = format.Resolve(destinationPath, request);
        backing?.WarnOfSectors(destinationPath, disk.SectorSize, options.Trace);
        options.Trace?.Warn(SectorSizeWarning.For(
            source.Layers[0].Storage.Path, source.Layers[0].SectorSize, destinationPath, disk.SectorSize));
        return disk;
    }

    /// <summary>What the options ask of a new disk for a source, without its backing file.</summary>
    /// <param name="source">The source's own file.</param>
    /// <param name="size">The size of the source's disk, in bytes.</param>
    /// <param name="destinationPath">The file of the result.</param>
    /// <param name="options">How to convert.</param>
    internal static DiskRequest RequestFor(IDiskLayer source, long size, string destinationPath, DiskConversionOptions options) => new(
        SizeOf(source, size, destinationPath, options))
    {
        AdapterType = options.AdapterType,
        ClusterSize = options.ClusterSize,
        TableSize = options.TableSize,
        BlockSize = options.BlockSize,
        SectorSize = options.SectorSize,
        SourceSectorSize = source.SectorSize,
        IsFixed = options.IsFixed,
        Compression = CompressionOf(destinationPath, options),
        BackingFormat = options.BackingFormat?.ToString(),
    };

    /// <summary>
    /// What a layer holds itself, in whole units of the target, and what the target has beyond it, which hides the target's backing file.
    /// </summary>
    /// <param name="own">The layer's disk without a backing file.</param>
    /// <param name="targetLength">The size of the target's disk, in bytes; at least that of the layer.</param>
    /// <param name="unit">The target's unit, in bytes.</param>
    /// <param name="cancellation">Stops the enumeration.</param>
    internal static IEnumerable<DiskExtent> OwnExtents(IDisk own, long targetLength, int unit, CancellationToken cancellation)
    {
        long done = 0;
        foreach (DiskExtent extent in ExtentWalk.Over(own, 0, own.Length, cancellation))
        {
            long start = Math.Max(done, extent.Start - (extent.Start % unit));
            long length = Math.Min(targetLength - start, extent.End - start + ((unit - (extent.End % unit)) % unit));
            if (extent.State != QedExtentState.Unallocated && length > 0)
            {
                yield return extent with { Start = start, Length = length };
                done = start + length;
            }
        }

        long rest = Math.Max(done, own.Length - (own.Length % unit));
        if (targetLength > own.Length && targetLength > rest)
        {
            yield return new DiskExtent(rest, targetLength - rest, QedExtentState.Zero, FileOffset: 0, Depth: 0);
        }
    }

    private static long SizeOf(IDiskLayer source, long present, string destinationPath, DiskConversionOptions options)
    {
        long size = options.SizeBytes ?? present;
        if (size < present)
        {
            throw new QedLimitException(
                destinationPath,
                nameof(options.SizeBytes),
                size,
                $"{present} bytes or more",
                string.Format(
                    CultureInfo.InvariantCulture,
                    "A disk of {1} bytes is not possible for '{0}': the source '{2}' has {3}, and a conversion cannot make a disk smaller.",
                    destinationPath,
                    size,
                    source.Storage.Path,
                    ByteSize.FormatExact(present)));
        }

        if (options.RoundUpTo is { } unit)
        {
            if (unit <= 0 || unit % Sector.Size != 0)
            {
                throw new QedLimitException(destinationPath, nameof(options.RoundUpTo), unit, $"a multiple of {Sector.Size} bytes");
            }

            long missing = size % unit == 0 ? 0 : unit - (size % unit);
            size = size <= long.MaxValue - missing
                ? size + missing
                : throw new QedLimitException(destinationPath, nameof(options.RoundUpTo), unit, $"one that gives a size of at most {long.MaxValue} bytes");
        }

        if (size > present)
        {
            options.Trace?.Decision?.Invoke(FormattableString.Invariant(
                $"{PrintableText.Of(destinationPath)}: a disk of {size} bytes, {size - present} more than the source has; they read as zeroes."));
        }

        return size;
    }

    private static QedCompressionType? CompressionOf(string destinationPath, DiskConversionOptions options) =>
        options.Compress ? options.CompressionType ?? QedCompressionType.Deflate
        : options.CompressionType is not { } type ? null
        : throw new QedRequestException(
            destinationPath,
            nameof(options.CompressionType),
            type,
            "none without compression",
            $"The compression type {type} has no effect on '{destinationPath}', which is not to be compressed.",
            QedRemedy.CompressDisk);

    /// <summary>The source's disk.</summary>
    /// <param name="source">The source.</param>
    /// <param name="lost">Receives what cannot be read and is zeroes then; null if that is an error.</param>
    internal static IDisk ToReadable(BackingChain source, LostRanges? lost) =>
        lost is null ? source.ToDisk() : new SalvagedDisk(source.ToDisk(), SalvagedDisk.UnitOf(source.Layers), lost) { Origin = source.PartOffset };

    private static void WarnOfLoss(QedImageInfo info, BackingChain source, OperationTrace? trace)
    {
        if (info is { LostBytes: > 0, LostRanges: { } ranges })
        {
            string count = ranges.Count == LostRanges.MaxListed ? $"{ranges.Count} ranges or more" : ranges.Count == 1 ? "1 range" : $"{ranges.Count} ranges";
            trace?.Warn($"{ByteSize.FormatExact(info.LostBytes.Value)} of '{source.Layers[0].Storage.Path}' in {count} could not be read and are zeroes in '{info.Path}'. The result lists them.");
        }
    }

    // The file that the disk's data is written to.
    private static IStorage DataOf(IDiskLayer layer) => layer is IMultiFileLayer { Files: [var file] } ? file : layer.Storage;

    // The hash of the new disk, if it was verified.
    private static string? Copy(
        BackingChain source,
        IDiskLayer target,
        IDisk? backing,
        NewDisk disk,
        DiskConversionOptions options,
        LostRanges? lost,
        IProgress<OperationProgress>? progress,
        CancellationToken cancellation)
    {
        IDisk from = ToReadable(source, lost);
        StagedProgress? stages = progress is null ? null : new StagedProgress(progress, options.Verify ? 2 : 1);
        IDisk to = target.ToDisk(backing);

        // A file that has its space for itself shares nothing.
        ExtentSharing? sharing = target.Compression is null && !options.FullyAllocated ? ExtentSharing.Between(from, to, target.Granule, skipsGaps: true) : null;
        CopyTarget copy = new(to, target.Granule, backing, options.NoFlush ? null : DataOf(target))
        {
            Compression = target.Compression,
            Sharing = sharing,
            ScanZeroes = options.ScanZeroes,
        };
        if (options.OnlyOwnExtents)
        {
            IDisk own = source.Layers[0].ToDisk(backing: null);
            own = lost is null ? own : new SalvagedDisk(own, SalvagedDisk.UnitOf(source.Layers), new LostRanges());
            DiskCopy.RunOver(OwnExtents(own, to.Length, target.Granule, cancellation), from, copy, stages, cancellation);
        }
        else
        {
            DiskCopy.Run(from, copy, stages, cancellation);
        }

        target.EndWriting();
        sharing?.Report(options.Trace, disk.Data is null ? target.Storage.Path : DataOf(target).Path);
        if (options.FullyAllocated)
        {
            FullAllocation.Complete(DataOf(target), cancellation);
        }

        source.RequireUnchanged();
        if (!options.Verify)
        {
            return null;
        }

        stages?.NextStage();
        IDisk written = target.ToDisk(backing);
        using BlockHash? hash = BlockHash.ForVerification(written.Length);
        (long? first, _) = DiskComparison.Compare(ToReadable(source, lost is null ? null : new LostRanges()), written, hash, stages, cancellation);
        if (first is { } offset)
        {
            throw QedStorageException.ForVerification(target.Storage.Path, source.Layers[0].Storage.Path, disk.VirtualSize, offset);
        }

        return hash?.End();
    }
}
