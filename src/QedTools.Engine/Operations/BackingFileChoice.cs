using System.Collections.Generic;
using QedTools.Chains;
using QedTools.Disks;
using QedTools.Qed;
using QedTools.Storage;

namespace QedTools.Operations;

/// <summary>A requested backing file, examined before an image is made to name it.</summary>
/// <param name="Reference">What the image is to store.</param>
/// <param name="Facts">What the file is; null if it does not exist.</param>
internal readonly record struct BackingFileChoice(BackingReference Reference, BackingFacts? Facts)
{
    /// <summary>Warns if the image presents the disk with sectors of another size than the backing file does.</summary>
    /// <param name="imagePath">The image that is to name it.</param>
    /// <param name="sectorSize">The size of the sectors that the image presents, in bytes.</param>
    /// <param name="trace">Receives the warning; may be null.</param>
    public void WarnOfSectors(string imagePath, int sectorSize, OperationTrace? trace) =>
        trace?.Warn(Facts is { } facts ? SectorSizeWarning.For(facts.Path, facts.SectorSize, imagePath, sectorSize) : null);

    /// <summary>Examines the file that a name leads to, and what is below it.</summary>
    /// <param name="imagePath">The image that is to name it.</param>
    /// <param name="name">The name to store; relative names are relative to the image's folder.</param>
    /// <param name="format">What to record, as requested; null: a file whose contents are of no known format is recorded as raw,
    /// so that what a guest writes to it later is never mistaken for a format.</param>
    /// <param name="allowMissing">Whether the file need not exist.</param>
    /// <param name="trace">Receives warnings about formats that are not certain; may be null.</param>
    /// <param name="folders">The folders that files below it may be in; null for any.</param>
    /// <exception cref="QedLimitException">The name is too long.</exception>
    /// <exception cref="QedBackingFileException">The name is not followed, the file is missing, or it leads back to the image.</exception>
    /// <exception cref="QedException">It cannot be opened.</exception>
    public static BackingFileChoice Examine(
        string imagePath, string name, QedBackingFormat? format, bool allowMissing, OperationTrace? trace, BackingFolderSet? folders = null)
    {
        string path = BackingFilePath.Resolve(imagePath, name, allowUnc: true);
        QedImage.EncodeBackingName(imagePath, name);
        try
        {
            bool isRaw = format == QedBackingFormat.Raw;
            ChainPolicy policy = new(StorageAccess.Inspect, AllowUnc: true) { Folders = folders, Trace = isRaw ? null : trace?.WarningsOnly() };
            using BackingChain chain = BackingChain.OpenTop(path, isRaw ? DiskFormats.Raw : null, policy);
            RefuseCycle(imagePath, name, chain);
            IDiskLayer layer = chain.Layers[0];
            bool isUnknown = !isRaw && layer.FormatName == DiskFormats.Raw.Name;
            if (isUnknown && format == QedBackingFormat.Probe)
            {
                trace?.Warn($"'{layer.Storage.Path}' is of no known format, but as requested, it is recorded as a file whose format is detected from its contents. What a machine writes to the start of the disk can then make it read as something else. Record it as raw, unless nothing writes to it.");
            }

            // A format is recorded only if the contents show one.
            QedDiskFormat? kind = isRaw || isUnknown ? null : DiskFormats.Named(layer.FormatName).Kind;
            isRaw |= isUnknown && format is null;
            return new BackingFileChoice(
                new BackingReference(name, isRaw) { Format = kind },
                new BackingFacts(path, layer.FormatName, layer.VirtualSize, layer.SectorSize, HostFiles.ModifiedTimeOf(path), layer.Facts));
        }
        catch (QedFileNotFoundException) when (allowMissing)
        {
            return new BackingFileChoice(new BackingReference(name, format == QedBackingFormat.Raw), Facts: null);
        }
        catch (QedFileNotFoundException e)
        {
            throw QedBackingFileNotFoundException.ForChoice(imagePath, name, path, e);
        }
        catch (QedNotAFileException e)
        {
            throw new QedBackingFileRefusedException(imagePath, name, $"it is {e.Kind}.", QedRemedy.NameBackingFile);
        }
    }

    private static void RefuseCycle(string imagePath, string name, BackingChain chain)
    {
        string? image = HostFiles.IdentityOf(imagePath);
        HashSet<string> seen = [];
        if (image is not null)
        {
            seen.Add(image);
        }

        try
        {
            do
            {
                if (!seen.Add(chain.Layers[chain.Layers.Count - 1].Storage.Identity))
                {
                    throw QedBackingChainException.ForCycle(imagePath, name, namedBy: null);
                }

                if (chain.Layers.Count == BackingChain.MaxLayers)
                {
                    throw QedBackingChainException.ForDepth(imagePath, name, BackingChain.MaxLayers);
                }
            }
            while (chain.OpenNext());
        }
        catch (QedBackingChainException)
        {
            throw;
        }
        catch (QedException)
        {
            // A chain that breaks further down is not this change's fault.
        }
    }
}
