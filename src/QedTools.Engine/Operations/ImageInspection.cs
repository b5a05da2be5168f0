using System.Collections.Generic;
using System.IO;
using System.Linq;
using QedTools.Chains;
using QedTools.Disks;
using QedTools.Qed.Format;
using QedTools.Storage;

namespace QedTools;

/// <summary>Reads the facts of images. Never changes a byte, takes no lock, and works on dirty images and on images in use.</summary>
public static class ImageInspection
{
    /// <summary>The facts of one image, of any format that is read.</summary>
    /// <param name="path">The file. Its contents decide on the format, unless the options name one; where they are of none, its extension does.</param>
    /// <param name="options">How to read it.</param>
    /// <returns>The facts.</returns>
    /// <exception cref="QedNotAnImageException">It is not of the format that was named; or its contents and its extension mean no format.</exception>
    /// <exception cref="QedUnsupportedFormatException">It is of a format, or has a feature, that is not read.</exception>
    /// <exception cref="QedException">It does not exist, or its header is damaged.</exception>
    public static QedImageInfo Run(string path, ImageInspectionOptions options)
    {
        using BackingChain chain = OpenTop(path, options);
        return Describe(chain, depth: 0, options);
    }

    /// <summary>The facts of an image and of all layers under it, from the top down.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">How to read them.</param>
    /// <returns>The facts of each layer, as it is opened.</returns>
    /// <exception cref="QedBackingFileException">A layer names a file that is missing, not followed or above it.</exception>
    /// <exception cref="QedException">A layer cannot be opened; those above it have been returned by then.</exception>
    public static IEnumerable<QedImageInfo> RunOverChain(string path, ImageInspectionOptions options)
    {
        using BackingChain chain = OpenTop(path, options);
        do
        {
            int depth = chain.Layers.Count - 1;
            yield return Describe(chain, depth, options);
        }
        while (chain.OpenNext());
    }

    private static BackingChain OpenTop(string path, ImageInspectionOptions options) => BackingChain.OpenTop(
        path, DiskFormats.ForInspection, options.ToPolicy(StorageAccess.Inspect));

    private static QedImageInfo Describe(BackingChain chain, int depth, ImageInspectionOptions options) => WithFurtherFiles(
        Describe(chain.Layers[depth], depth, BackingFolderSet.Of(options.BackingFolders)), chain.SizeOfFurtherFiles(depth));

    /// <summary>The facts of an image whose disk is in further files, which the layer has not open.</summary>
    /// <param name="info">The facts.</param>
    /// <param name="further">The size of those files.</param>
    internal static QedImageInfo WithFurtherFiles(QedImageInfo info, (long Length, long AllocatedBytes) further) => info with
    {
        FileSize = info.FileSize + further.Length,
        DiskUsage = info.DiskUsage + further.AllocatedBytes,
    };

    /// <summary>The facts of a layer that is still being built under another name.</summary>
    internal static QedImageInfo Describe(IDiskLayer layer, string finalPath) => Describe(layer, depth: 0) with
    {
        Path = Path.GetFullPath(finalPath),
        BackingFilePath = layer.Backing is { } backing ? PathOf(finalPath, backing) : null,
        InUse = false,
    };

    internal static QedImageInfo Describe(IDiskLayer layer, int depth, BackingFolderSet? folders = null) => DescribeFile(layer) with
    {
        BackingFilePath = layer.Backing is { } backing ? PathOf(layer.Storage.Path, backing, folders) : null,
        Depth = depth,
        FormatDetails = layer.Facts is { } facts and not QedFacts ? facts.Details : null,
    };

    /// <summary>The facts that are in a file's header, without looking for its backing file and without <see cref="QedImageInfo.FormatDetails"/>.</summary>
    internal static QedImageInfo DescribeFile(IDiskLayer layer)
    {
        IStorage storage = layer.Storage;
        IReadOnlyList<IStorage> further = layer is IMultiFileLayer multi ? multi.Files : [];
        QedImageInfo info = new()
        {
            Path = Path.GetFullPath(storage.Path),
            Format = layer.FormatName,
            VirtualSize = layer.VirtualSize,
            FileSize = storage.Length + further.Sum(file => file.Length),
            DiskUsage = storage.AllocatedBytes + further.Sum(file => file.AllocatedBytes),
            ClusterSize = layer.AllocationUnit,
            BackingFile = layer.Backing?.Name,
            BackingFormat = layer.Backing is { } backing ? backing.IsRaw ? QedBackingFormat.Raw : QedBackingFormat.Probe : null,
            NeedsCheck = false,
            InUse = storage.IsInUse,
            Depth = 0,
        };
        return layer.FormatName != DiskFormats.Qed.Name || layer.Facts is not QedFacts { Header: var header } ? info : info with
        {
            TableSize = (int)header.TableSize,
            HeaderSize = header.HeaderSize,
            Features = header.Features,
            CompatFeatures = header.CompatFeatures,
            AutoclearFeatures = header.AutoclearFeatures,
            L1TableOffset = (long)header.L1TableOffset,
            MaxVirtualSize = layer.MaxVirtualSize,
            NeedsCheck = header.NeedsCheck,
        };
    }

    private static string? PathOf(string imagePath, in BackingReference backing, BackingFolderSet? folders = null) =>
        backing.IsByContentId ? ContentSearch.TryFind(imagePath, backing, folders is null ? null : folders.Contains) : BackingFilePath.TryResolve(imagePath, backing.Name);
}
