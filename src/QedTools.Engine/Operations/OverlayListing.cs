using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using QedTools.Chains;
using QedTools.Storage;

namespace QedTools.Operations;

/// <summary>The images in some folders as results: read once, and then asked about any of the files.</summary>
internal sealed class OverlayListing
{
    private readonly ImageForest _forest;
    private readonly Dictionary<ForestImage, QedImageInfo> _facts;

    private OverlayListing(ImageForest forest, Dictionary<ForestImage, QedImageInfo> facts)
    {
        _forest = forest;
        _facts = facts;
    }

    /// <summary>The errors of files and folders that could not be read.</summary>
    public IReadOnlyList<QedException> Problems => _forest.Problems;

    /// <summary>The folders to look in for a path: those of the options, and the path itself if it is a folder, or else its folder if there are none.</summary>
    /// <param name="path">The image, or the folder.</param>
    /// <param name="options">Where to look.</param>
    /// <exception cref="QedFileNotFoundException">Nothing exists at the path.</exception>
    /// <exception cref="QedRequestException">One of the folders is not a folder.</exception>
    public static IReadOnlyList<string> FoldersFor(string path, OverlayInspectionOptions options)
    {
        foreach (string folder in options.Folders)
        {
            if (!HostFiles.IsFolder(folder))
            {
                throw new QedRequestException(folder, "Folders", folder, "a folder that exists", $"'{folder}' is not a folder. Name the folder to look for images in.");
            }
        }

        string[] folders = [.. options.Folders.Select(Plain)];
        return HostFiles.IsFolder(path) ? [Plain(path), .. folders]
            : HostFiles.IdentityOf(path) is null ? throw NotAFile(path)
            : folders.Length > 0 ? folders
            : [HostFiles.FolderOf(path)];

        // Without a separator at the end, as in the paths of its files.
        static string Plain(string folder) => HostFiles.FolderOf(Path.Combine(folder, "file"));
    }

    /// <summary>Reads the images in some folders.</summary>
    /// <param name="folders">The folders, each as a full path.</param>
    /// <param name="options">How to read them.</param>
    /// <param name="progress">Receives how many files were looked at; may be null.</param>
    /// <param name="cancellation">Stops the search.</param>
    /// <exception cref="QedRequestException">One of the folders that images may name files in is not a folder.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static OverlayListing Read(
        IReadOnlyList<string> folders, OverlayInspectionOptions options, IProgress<OperationProgress>? progress, CancellationToken cancellation)
    {
        Dictionary<ForestImage, QedImageInfo> facts = [];
        ForestPolicy policy = new()
        {
            Recurse = options.Recurse,
            FollowsNames = true,
            AllowUnc = options.AllowUnc,
            Folders = BackingFolderSet.Of(options.BackingFolders),
            OnOpened = (image, layer) => facts[image] = ImageInspection.WithFurtherFiles(ImageInspection.DescribeFile(layer), SizeOf(image.DataFiles)),
        };
        return new OverlayListing(ImageForest.Read(folders, policy, progress, cancellation), facts);
    }

    /// <summary>The images over a file; of a folder, all.</summary>
    /// <param name="path">The image, or the folder.</param>
    /// <exception cref="QedFileNotFoundException">Nothing exists at the path.</exception>
    public IEnumerable<QedOverlayInfo> For(string path)
    {
        IEnumerable<(ForestImage Image, int Depth)> found = HostFiles.IsFolder(path) ? _forest.All() : _forest.Over(HostFiles.IdentityOf(path) ?? throw NotAFile(path));
        return found.Select(one => Describe(one.Image, one.Depth));
    }

    /// <summary>One image; null for a file that was not found in the folders, and for a file that is not known as an image.</summary>
    /// <param name="path">The file.</param>
    public QedOverlayInfo? TryDescribe(string path) =>
        HostFiles.IdentityOf(path) is { } identity && _forest.Find(identity) is { } image ? Describe(image, depth: 0) : null;

    /// <summary>Whether a file is one of the images, or belongs to one.</summary>
    /// <param name="path">The file, which need not exist.</param>
    public bool Includes(string path) => HostFiles.IdentityOf(path) is { } identity && _forest.Includes(identity);

    private QedOverlayInfo Describe(ForestImage image, int depth) => new(_facts[image])
    {
        BackingFilePath = image.BackingPath,
        Depth = depth,
        State = image.State,
        OverlayCount = image.Overlays.Count,
    };

    private static (long Length, long AllocatedBytes) SizeOf(IReadOnlyList<(string Identity, string Path)> files)
    {
        (long length, long allocated) = (0, 0);
        foreach ((_, string path) in files)
        {
            (long own, long ownAllocated) = HostFiles.SizeOf(path);
            (length, allocated) = (length + own, allocated + ownAllocated);
        }

        return (length, allocated);
    }

    // What is wrong with a path is known only once it is opened.
    private static QedException NotAFile(string path)
    {
        try
        {
            HostFiles.Open(path, StorageAccess.Inspect).Dispose();
            return new QedFileNotFoundException(path);
        }
        catch (QedException e)
        {
            return e;
        }
    }
}
