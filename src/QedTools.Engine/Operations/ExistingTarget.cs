using System;
using System.Globalization;
using System.Threading;
using QedTools.Chains;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Operations;

/// <summary>A raw file or a block device that a conversion writes into, instead of making a new file. It keeps its length.</summary>
internal sealed class ExistingTarget : IDisposable
{
    private ExistingTarget(IStorage storage, bool isDevice)
    {
        Layer = DiskFormats.Raw.Open(storage);
        IsDevice = isDevice;
    }

    /// <summary>The file or the device; nothing has been written to it yet.</summary>
    public IDiskLayer Layer { get; }

    /// <summary>Whether it is a block device.</summary>
    public bool IsDevice { get; }

    /// <summary>Whether a conversion writes into what is there.</summary>
    /// <param name="destinationPath">The file or the device.</param>
    /// <param name="options">How to convert.</param>
    public static bool IsMeant(string destinationPath, DiskConversionOptions options) =>
        options.IntoExisting || HostFiles.IsBlockDevice(destinationPath);

    /// <summary>Opens the target, locked against everybody else, and makes sure that the disk can be written into it.</summary>
    /// <param name="source">The source.</param>
    /// <param name="destinationPath">The file or the device.</param>
    /// <param name="options">How to convert.</param>
    /// <exception cref="QedFileExistsException">Overwriting it was not allowed.</exception>
    /// <exception cref="QedImageInUseException">It is in use, or mounted.</exception>
    /// <exception cref="QedRequestException">The options ask for what only a new file can have, or the target is a part of the source.</exception>
    /// <exception cref="QedLimitException">It is smaller than the disk.</exception>
    /// <exception cref="QedException">It does not exist or could not be opened.</exception>
    public static ExistingTarget Open(BackingChain source, string destinationPath, DiskConversionOptions options)
    {
        RequirePossible(destinationPath, options);
        RequireNotRead(source, destinationPath);
        bool isDevice = HostFiles.IsBlockDevice(destinationPath);
        if (!options.Replace && HostFiles.Exists(destinationPath))
        {
            throw QedFileExistsException.ForOverwriting(destinationPath, isDevice);
        }

        ExistingTarget target = new(HostFiles.Open(destinationPath, StorageAccess.Write, options.Trace, allowDevice: true), isDevice);
        long available = target.Layer.VirtualSize;
        if (available >= source.VirtualSize)
        {
            options.Trace?.Warn(SectorSizeWarning.For(
                source.Layers[0].Storage.Path, source.Layers[0].SectorSize, destinationPath, target.Layer.SectorSize));
            return target;
        }

        target.Dispose();
        throw new QedLimitException(
            destinationPath,
            "DestinationPath",
            available,
            $"{source.VirtualSize} bytes or more",
            string.Format(
                CultureInfo.InvariantCulture,
                "The disk in '{0}' does not fit into '{1}': it has {2}, and there are only {3}. Nothing was written. Choose a larger one.",
                source.Layers[0].Storage.Path,
                destinationPath,
                ByteSize.FormatExact(source.VirtualSize),
                ByteSize.FormatExact(available)));
    }

    /// <summary>Writes the source's disk into the target and flushes it.</summary>
    /// <param name="source">The source.</param>
    /// <param name="destinationPath">The file or the device.</param>
    /// <param name="options">How to convert.</param>
    /// <param name="lost">Receives what cannot be read and is zeroes then; null if that is an error.</param>
    /// <param name="progress">Receives the bytes of the disk copied, and compared if requested; may be null.</param>
    /// <param name="cancellation">Stops it; part of the disk is written then.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="QedException">The source could not be read, the target could not be written, or they differ afterwards.</exception>
    /// <returns>The hash of the disk, if it was verified.</returns>
    public string? Fill(
        BackingChain source,
        string destinationPath,
        DiskConversionOptions options,
        LostRanges? lost,
        IProgress<OperationProgress>? progress,
        CancellationToken cancellation)
    {
        try
        {
            Layer.BeginWriting(progress: null, cancellation);
            IDisk from = DiskConversion.ToReadable(source, lost);
            IDisk to = Layer.ToDisk(backing: null);
            StagedProgress? stages = progress is null ? null : new StagedProgress(progress, options.Verify ? 2 : 1);
            ExtentSharing? sharing = ExtentSharing.Between(from, to, Layer.Granule, skipsGaps: options.TargetIsZero);
            CopyTarget copy = new(to, Layer.Granule, ShownBefore: null, options.NoFlush ? null : Layer.Storage)
            {
                HoldsOtherData = !options.TargetIsZero,
                Sharing = sharing,
                ScanZeroes = options.ScanZeroes,
            };
            DiskCopy.Run(from, copy, stages, cancellation);
            sharing?.Report(options.Trace, destinationPath);

            // The last sector belongs to the disk as a whole.
            long end = Math.Min(to.Length, Sector.RoundUp(from.Length));
            if (!options.TargetIsZero && end > from.Length)
            {
                to.Zero(from.Length, end - from.Length);
            }

            if (!options.NoFlush)
            {
                Layer.EndWriting();
            }

            source.RequireUnchanged();
            if (!options.Verify)
            {
                return null;
            }

            stages?.NextStage();
            return Verify(source, lost, destinationPath, stages, cancellation);
        }
        catch
        {
            options.Trace?.Warn($"'{destinationPath}' may hold only a part of the new disk now. Do not use it before a conversion into it has succeeded.");
            throw;
        }
    }

    /// <summary>Closes the target.</summary>
    public void Dispose() => Layer.Dispose();

    private string? Verify(
        BackingChain source, LostRanges? lost, string destinationPath, IProgress<OperationProgress>? progress, CancellationToken cancellation)
    {
        IDisk from = DiskConversion.ToReadable(source, lost is null ? null : new LostRanges());
        DiskPart written = new(Layer.ToDisk(backing: null), 0, from.Length);
        using BlockHash? hash = BlockHash.ForVerification(written.Length);
        (long? first, _) = DiskComparison.Compare(from, written, hash, progress, cancellation);
        if (first is { } offset)
        {
            throw QedStorageException.ForVerification(destinationPath, source.Layers[0].Storage.Path, from.Length, offset, "so it must not be used");
        }

        return hash?.End();
    }

    // What is there decides on these.
    private static void RequirePossible(string destinationPath, DiskConversionOptions options)
    {
        (string Name, object? Value)[] choices =
        [
            (nameof(options.SizeBytes), options.SizeBytes),
            (nameof(options.RoundUpTo), options.RoundUpTo),
            (nameof(options.ClusterSize), options.ClusterSize),
            (nameof(options.TableSize), options.TableSize),
            (nameof(options.BlockSize), options.BlockSize),
            (nameof(options.SectorSize), options.SectorSize),
            (nameof(options.AdapterType), options.AdapterType),
            (nameof(options.BackingFile), options.BackingFile),
            (nameof(options.BackingFormat), options.BackingFormat),
            (nameof(options.CompressionType), options.CompressionType),
            (nameof(options.Compress), options.Compress ? true : null),
            (nameof(options.FullyAllocated), options.FullyAllocated ? true : null),
            (nameof(options.Format), options.Format is null or QedDiskFormat.Raw ? null : options.Format),
        ];
        foreach ((string name, object? value) in choices)
        {
            if (value is not null)
            {
                throw new QedRequestException(
                    destinationPath,
                    name,
                    value,
                    "none for a file or device that is there",
                    $"'{destinationPath}' is written into as it is, as a raw disk, so {name} cannot be chosen for it. Leave it out, or make a new file.");
            }
        }

        if (options.Format is null && !HostFiles.IsBlockDevice(destinationPath) && DiskFormats.OfExtension(destinationPath) is { } meant && meant != DiskFormats.Raw)
        {
            throw new QedRequestException(
                destinationPath,
                nameof(options.IntoExisting),
                true,
                "a raw file or a block device",
                $"'{destinationPath}' has the extension of {meant.Name} files, and only raw disks can be written into. Make a new file, or say that it is raw.",
                QedRemedy.GiveFormat);
        }
    }

    private static void RequireNotRead(BackingChain source, string destinationPath)
    {
        foreach (IDiskLayer layer in source.Layers)
        {
            if (HostFiles.ShareStorage(layer.Storage.Path, destinationPath)
                || (HostFiles.IdentityOf(destinationPath) is { } identity && source.Contains(identity)))
            {
                throw new QedRequestException(
                    destinationPath,
                    "DestinationPath",
                    destinationPath,
                    "something other than what is read",
                    $"'{destinationPath}' is the source itself, shares storage with it, or is a file that it is based on. Name another target.");
            }
        }
    }
}
