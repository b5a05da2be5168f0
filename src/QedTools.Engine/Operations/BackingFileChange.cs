using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using QedTools.Chains;
using QedTools.Disks;
using QedTools.Operations;
using QedTools.Qed;
using QedTools.Storage;

namespace QedTools;

/// <summary>Changes which backing file an image names.</summary>
public static class BackingFileChange
{
    /// <summary>Changes the header. The disk reads differently afterwards unless the two backing files have the same
    /// contents, or the disk's contents are to be preserved.</summary>
    /// <param name="path">The image.</param>
    /// <param name="options">The new backing file.</param>
    /// <param name="progress">Receives the progress of the copy if contents are preserved; may be null.</param>
    /// <param name="cancellation">Stops before the change; the change itself is one step.</param>
    /// <returns>The facts of the image afterwards.</returns>
    /// <exception cref="QedImageInUseException">Another process has the image open.</exception>
    /// <exception cref="QedBackingFileException">The new backing file is missing, not followed, or leads back to the image.</exception>
    /// <exception cref="OperationCanceledException">It was stopped; the image names what it named before.</exception>
    /// <exception cref="QedCorruptException">Contents are to be preserved, and the check of the image found damage.</exception>
    /// <exception cref="QedException">The image cannot be opened or changed.</exception>
    public static QedImageInfo Run(
        string path,
        BackingFileChangeOptions options,
        IProgress<OperationProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        using BackingChain chain = Open(path, options, out QedImage image);
        BackingFileChoice? choice = Examine(path, options);
        image.RequireBacking(choice?.Reference);
        if (options.PreserveContent)
        {
            chain.BeginWriting(0, OtherOverlays.Unaffected, progress: null, cancellation);
            CopyWhatDiffers(chain, image, choice?.Reference, options, progress, cancellation);

            // From here on the image reads the same over either backing file.
            image.EndWriting();
        }
        else
        {
            WarnOfOverlays(chain, options, cancellation);
        }

        image.SetBacking(choice?.Reference);
        return ImageInspection.Describe(image, depth: 0) with { InUse = false };
    }

    private static BackingChain Open(string path, BackingFileChangeOptions options, out QedImage image)
    {
        ChainPolicy policy = new(StorageAccess.Write, options.AllowUnc) { Trace = options.Trace };
        return options.PreserveContent
            ? BackingChain.OpenAll(path, DiskFormats.Qed, policy, out image)
            : BackingChain.OpenTop(path, DiskFormats.Qed, policy, out image);
    }

    // Only what the image leaves to its backing file can change. That is read from the backing file itself, because the image
    // changes meanwhile, cluster by cluster.
    private static void CopyWhatDiffers(
        BackingChain chain,
        QedImage image,
        BackingReference? newBacking,
        BackingFileChangeOptions options,
        IProgress<OperationProgress>? progress,
        CancellationToken cancellation)
    {
        using BackingChain? newChain = OpenNew(image.Storage.Path, newBacking, options);
        IDisk source = chain.Layers.Count > 1 ? chain.ToDisk(depth: 1) : new EmptyDisk();
        IDisk shown = newChain?.ToDisk() ?? new EmptyDisk();
        IDisk target = image.ToDisk(shown);
        IDisk own = image.ToDisk(backing: null);
        ExtentSharing? sharing = ExtentSharing.Between(source, target, image.Header.Geometry.ClusterSize, skipsGaps: true);
        CopyTarget copy = new(target, image.Header.Geometry.ClusterSize, shown, image.Storage) { Sharing = sharing };

        // Writing changes only entries of clusters that the walk has already passed.
        IEnumerable<DiskExtent> leftToBacking = ExtentWalk.Over(own, 0, own.Length, cancellation)
            .Where(extent => extent.State == QedExtentState.Unallocated);
        DiskCopy.RunOver(leftToBacking, source, copy, progress, cancellation);
        sharing?.Report(options.Trace, image.Storage.Path);
        chain.RequireUnchanged();
        newChain?.RequireUnchanged();
    }

    /// <summary>Finds everything that would prevent the change, without making it.</summary>
    /// <param name="path">The image.</param>
    /// <param name="options">The new backing file.</param>
    /// <param name="cancellation">Stops the planning.</param>
    /// <returns>The facts of the image as it is, and whether the disk may read differently afterwards.</returns>
    /// <exception cref="QedException">The change cannot be made.</exception>
    public static BackingFileChangePlan Plan(string path, BackingFileChangeOptions options, CancellationToken cancellation = default)
    {
        using BackingChain chain = Open(path, options, out QedImage image);
        BackingReference? backing = Examine(path, options)?.Reference;
        image.RequireBacking(backing);
        if (options.PreserveContent)
        {
            chain.RequireWritable(0, OtherOverlays.Unaffected, progress: null, cancellation);
            OpenNew(path, backing, options)?.Dispose();
        }
        else
        {
            WarnOfOverlays(chain, options, cancellation);
        }

        bool mayDiffer = !options.PreserveContent && IsOtherFile(image, backing, options.AllowUnc) && LeavesSomething(image, cancellation);
        return new BackingFileChangePlan(ImageInspection.Describe(image, depth: 0), mayDiffer);
    }

    // A file that is gone was moved or renamed, or another program has replaced it: nothing is known of what it held.
    private static bool IsOtherFile(QedImage image, BackingReference? newBacking, bool allowUnc)
    {
        string path = image.Storage.Path;
        if (image.Backing is not { } old)
        {
            return newBacking is not null;
        }

        if (TryResolve(path, old.Name, allowUnc) is not { } oldPath || HostFiles.IdentityOf(oldPath) is not { } identity)
        {
            return false;
        }

        return newBacking is not { } reference
            || HostFiles.IdentityOf(BackingFilePath.Resolve(path, reference.Name, allowUnc: true)) != identity
            || (reference.IsRaw != old.IsRaw && HasFormat(oldPath));
    }

    private static string? TryResolve(string imagePath, string name, bool allowUnc)
    {
        try
        {
            return BackingFilePath.Resolve(imagePath, name, allowUnc);
        }
        catch (QedBackingFileRefusedException)
        {
            return null;
        }
    }

    // The same file reads differently as a raw disk, unless it is one anyway.
    private static bool HasFormat(string path)
    {
        try
        {
            using IStorage storage = HostFiles.Open(path, StorageAccess.Inspect);
            return DiskFormats.OtherThanRaw(storage) is not null;
        }
        catch (QedException)
        {
            return true;
        }
    }

    private static bool LeavesSomething(QedImage image, CancellationToken cancellation)
    {
        try
        {
            IDisk own = image.ToDisk(backing: null);
            return ExtentWalk.Over(own, 0, own.Length, cancellation).Any(extent => extent.State == QedExtentState.Unallocated);
        }
        catch (QedException)
        {
            // Damaged tables do not prevent the change.
            return true;
        }
    }

    // They read through this image. Not an error: a backing file that was only moved still has its contents.
    private static void WarnOfOverlays(BackingChain chain, BackingFileChangeOptions options, CancellationToken cancellation)
    {
        if (options.Trace?.Warning is not null && chain.OverlaysOver(0, cancellation, out _) is { Count: > 0 } overlays)
        {
            options.Trace.Warn(
                $"'{chain.Layers[0].Storage.Path}' is the backing file of {QedBackingFileSharedException.Names(overlays)}, which will read wrong data unless the new backing file has the same contents as the old one.");
        }
    }

    // What differs from it is preserved, so it must exist.
    private static BackingChain? OpenNew(string path, BackingReference? backing, BackingFileChangeOptions options)
    {
        if (backing is not { } reference)
        {
            return null;
        }

        string resolved = BackingFilePath.Resolve(path, reference.Name, allowUnc: true);
        try
        {
            return BackingChain.OpenAll(
                resolved, BackingChain.FormatOf(reference), new ChainPolicy(StorageAccess.Read, options.AllowUnc) { Trace = options.Trace?.WithoutWarnings() });
        }
        catch (QedFileNotFoundException e)
        {
            throw QedBackingFileNotFoundException.ForChoice(path, reference.Name, resolved, e);
        }
    }

    private static BackingFileChoice? Examine(string path, BackingFileChangeOptions options)
    {
        if (options.BackingFile is not { } name)
        {
            return null;
        }

        BackingFileChoice choice = BackingFileChoice.Examine(path, name, options.BackingFormat, options.AllowMissing, options.Trace);
        choice.WarnOfSectors(path, Sector.Size, options.Trace);
        return choice;
    }
}
