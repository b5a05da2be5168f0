using System.Collections.Generic;
using QedTools.Chains;
using QedTools.Disks;
using QedTools.Qed;
using QedTools.Storage;

namespace QedTools.Operations;

/// <summary>A backing file that somebody asks for, looked at before an image is made to name it.</summary>
/// <param name="Reference">What the image is to store.</param>
/// <param name="VirtualSize">The size of the disk it makes, in bytes; null if it is not there.</param>
internal readonly record struct BackingFileChoice(BackingReference Reference, long? VirtualSize)
{
    /// <summary>Looks at the file that a name leads to, and at what lies under it.</summary>
    /// <param name="imagePath">The image that is to name it.</param>
    /// <param name="name">The name to store; relative names begin in the image's folder.</param>
    /// <param name="format">What is asked to be recorded; null: a file whose contents are of no known format is recorded as raw,
    /// so that what a guest writes to it later is never taken for a format.</param>
    /// <param name="allowMissing">Whether the file need not be there.</param>
    /// <param name="trace">Is warned of formats that are not certain; may be null.</param>
    /// <exception cref="QedLimitException">The name is too long.</exception>
    /// <exception cref="QedBackingFileException">The name is not followed, the file is missing, or it leads back to the image.</exception>
    /// <exception cref="QedException">It cannot be opened.</exception>
    public static BackingFileChoice Examine(string imagePath, string name, QedBackingFormat? format, bool allowMissing, OperationTrace? trace)
    {
        string path = BackingFilePath.Resolve(imagePath, name, allowUnc: true);
        QedImage.EncodeBackingName(imagePath, name);
        try
        {
            bool isRaw = format == QedBackingFormat.Raw;
            ChainPolicy policy = new(StorageAccess.Inspect, AllowUnc: true) { Trace = isRaw ? null : trace?.WarningsOnly() };
            using BackingChain chain = BackingChain.OpenTop(path, isRaw ? DiskFormats.Raw : null, policy);
            RefuseCycle(imagePath, name, chain);
            IDiskLayer layer = chain.Layers[0];
            bool isUnknown = !isRaw && layer.FormatName == DiskFormats.Raw.Name;
            if (isUnknown && format == QedBackingFormat.Probe)
            {
                trace?.Warn($"'{layer.Storage.Path}' is of no known format, but it is recorded that its contents tell the format, as was asked for. What a machine writes to the start of the disk can then make it read as something else. Have it recorded as raw, unless nobody writes to it.");
            }

            trace?.Warn(SectorSizeWarning.For(path, layer.SectorSize, imagePath, Sector.Size));

            // A format is named only where the contents tell one.
            QedDiskFormat? kind = isRaw || isUnknown ? null : DiskFormats.Named(layer.FormatName).Kind;
            isRaw |= isUnknown && format is null;
            return new BackingFileChoice(
                new BackingReference(name, isRaw) { Format = kind }, layer.VirtualSize);
        }
        catch (QedFileNotFoundException) when (allowMissing)
        {
            return new BackingFileChoice(new BackingReference(name, format == QedBackingFormat.Raw), VirtualSize: null);
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
