using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Chains;

/// <summary>The images in some folders, and which of them lie over which.</summary>
/// <remarks>
/// A file does not record which images are based on it, so this reads the header of every file, once, and finds no images in other folders. The
/// contents of a file decide what it is, as an overlay may have any name.
/// </remarks>
internal sealed class ImageForest
{
    private readonly ForestPolicy _policy;
    private readonly CancellationToken _cancellation;
    private readonly HashSet<string> _folders = new(HostFiles.NameComparer);
    private readonly List<ForestImage> _images = [];
    private readonly Dictionary<(string Identity, string Folder), ForestImage> _byPlace = [];
    private readonly Dictionary<string, List<ForestImage>> _byIdentity = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<ForestImage>> _byDataFile = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Folder, QedDiskFormat Format), ILookup<Guid, string>> _byContentIdElsewhere = [];
    private readonly List<(string? Identity, QedException Error)> _problems = [];
    private readonly HashSet<string> _unreadable = new(StringComparer.Ordinal);
    private readonly List<ForestImage> _roots = [];
    private ILookup<(string Folder, string Format, Guid ContentId), string>? _byContentId;

    private ImageForest(ForestPolicy policy, CancellationToken cancellation)
    {
        _policy = policy;
        _cancellation = cancellation;
    }

    /// <summary>Files and folders that could not be read, so that images may be missing from the forest; in the order of their paths.</summary>
    public IReadOnlyList<QedException> Problems { get; private set; } = [];

    /// <summary>Reads the headers of all files in some folders.</summary>
    /// <param name="folders">The folders, each as a full path.</param>
    /// <param name="policy">How to look for images.</param>
    /// <param name="progress">Receives how many of the files were read; may be null.</param>
    /// <param name="cancellation">Stops the search.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static ImageForest Read(
        IEnumerable<string> folders, ForestPolicy policy, IProgress<OperationProgress>? progress, CancellationToken cancellation)
    {
        ImageForest forest = new(policy, cancellation);
        List<string> files = forest.FilesIn(folders);
        for (int i = 0; i < files.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            forest.AddFile(files[i]);
            progress?.Report(new OperationProgress(i + 1, files.Count) { CountsFiles = true });
        }

        // Named files are added at the end, and name others in turn.
        for (int i = 0; i < forest._images.Count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            forest.FindBelow(forest._images[i]);
        }

        forest.FindCycles();
        forest.Arrange();
        return forest;
    }

    /// <summary>All images, each once: one after the file that it lies over, and siblings in the order of their paths.</summary>
    /// <returns>The images, and how many files are below each that were found; 0 for the first image of a cycle.</returns>
    public IEnumerable<(ForestImage Image, int Depth)> All() => Walk(_roots, depth: 0, []);

    /// <summary>The images that lie over a file, or have data in it, directly or over others that do; in the order of <see cref="All"/>.</summary>
    /// <param name="identity">The file's <see cref="IStorage.Identity"/>.</param>
    /// <returns>The images, and how many steps each is from the file; 1 for those that name it. The file itself is not among them, even on a cycle.</returns>
    public IEnumerable<(ForestImage Image, int Depth)> Over(string identity)
    {
        List<ForestImage> same = Of(_byIdentity, identity);
        List<ForestImage> first = [.. same.SelectMany(image => image.Overlays), .. Of(_byDataFile, identity)];
        first.Sort(ByPath);
        return Walk(first, depth: 1, [.. same]);
    }

    /// <summary>A file that is known as an image, by the first of its names; null if there is none.</summary>
    /// <param name="identity">The file's <see cref="IStorage.Identity"/>.</param>
    public ForestImage? Find(string identity) => Of(_byIdentity, identity).Find(image => image.IsKnown);

    /// <summary>Whether a file is an image or below one, or holds the data of one, or looks like one and could not be read.</summary>
    /// <param name="identity">The file's <see cref="IStorage.Identity"/>.</param>
    public bool Includes(string identity) => _byIdentity.ContainsKey(identity) || _byDataFile.ContainsKey(identity) || _unreadable.Contains(identity);

    private static int ByPath(ForestImage one, ForestImage other) => NaturalOrder.Instance.Compare(one.Path, other.Path);

    private static List<ForestImage> Of(Dictionary<string, List<ForestImage>> index, string identity) =>
        index.TryGetValue(identity, out List<ForestImage>? found) ? found : [];

    private static void AddTo(Dictionary<string, List<ForestImage>> index, string identity, ForestImage image)
    {
        if (!index.TryGetValue(identity, out List<ForestImage>? images))
        {
            index.Add(identity, images = []);
        }

        images.Add(image);
    }

    private static IEnumerable<(ForestImage Image, int Depth)> Walk(IReadOnlyList<ForestImage> first, int depth, HashSet<ForestImage> seen)
    {
        Stack<(ForestImage Image, int Depth)> ahead = new();
        Push(first, depth);
        while (ahead.Count > 0)
        {
            (ForestImage image, int at) = ahead.Pop();
            if (seen.Add(image))
            {
                yield return (image, at);
                Push(image.Overlays, at + 1);
            }
        }

        void Push(IReadOnlyList<ForestImage> images, int at)
        {
            for (int i = images.Count - 1; i >= 0; i--)
            {
                ahead.Push((images[i], at));
            }
        }
    }

    // Each folder once, whatever names lead to it.
    private List<string> FilesIn(IEnumerable<string> folders)
    {
        List<string> files = [];
        HashSet<string> visited = new(StringComparer.Ordinal);
        Stack<string> ahead = new(folders.Reverse());
        while (ahead.Count > 0)
        {
            _cancellation.ThrowIfCancellationRequested();
            string folder = ahead.Pop();
            if (!visited.Add(HostFiles.FinalPathOf(folder)))
            {
                continue;
            }

            try
            {
                files.AddRange(HostFiles.FilesIn(folder));
                _folders.Add(folder);
                foreach (string inner in _policy.Recurse ? HostFiles.FoldersIn(folder) : [])
                {
                    ahead.Push(inner);
                }
            }
            catch (QedException e)
            {
                AddProblem(identity: null, e);
            }
        }

        files.Sort(StringComparer.Ordinal);
        return files;
    }

    private void AddFile(string path)
    {
        string? identity = HostFiles.IdentityOf(path);
        if (identity is not null && _policy.Except?.Invoke(identity) == true)
        {
            return;
        }

        string folder = HostFiles.FolderOf(path);
        ForestImage? known = identity is not null && _byPlace.TryGetValue((identity, folder), out ForestImage? found) ? found : null;

        // Of several names in a folder, one that is not a link is better.
        if (known is not null && (!HostFiles.IsLink(known.Path) || HostFiles.IsLink(path)))
        {
            return;
        }

        try
        {
            using IStorage storage = HostFiles.Open(path, StorageAccess.Inspect);
            ForestImage image = known ?? new ForestImage(path, storage.Identity);
            image.Path = path;
            if (FormatOf(storage) is { } format)
            {
                Open(image, storage, format);
                if (known is null)
                {
                    Add(image, folder);
                }
            }
        }
        catch (QedFileNotFoundException e) when (path.AsSpan().IndexOf('\uFFFD') >= 0)
        {
            // .NET cannot open what it has listed if the name is not valid UTF-8.
            AddProblem(identity, e);
        }
        catch (Exception e) when (e is QedNotAFileException or QedFileNotFoundException)
        {
            // A pipe, a folder, a link to nothing, or a file that is gone by now.
        }
        catch (QedException e)
        {
            AddProblem(identity, e);
        }
    }

    private void AddProblem(string? identity, QedException error)
    {
        _problems.Add((identity, error));
        if (identity is not null)
        {
            _unreadable.Add(identity);
        }
    }

    // Null for a file that is not an image, and for one that is only a part of a disk.
    private static IDiskFormat? FormatOf(IStorage storage)
    {
        IDiskFormat? found = DiskFormats.OtherThanRaw(storage);
        IDiskFormat? format = found ?? DiskFormats.OfExtension(storage.Path);
        return format?.Kind is null || (format as IPartedFormat)?.IsPart(storage) == true ? null
            : found is null && format != DiskFormats.Raw ? throw QedNotAnImageException.ForUnknown(storage.Path, format.Name, storage.Length == 0, cause: null)
            : format;
    }

    private void Open(ForestImage image, IStorage storage, IDiskFormat format)
    {
        IDiskLayer layer = format.Open(storage);
        image.IsKnown = true;
        image.VirtualSize = layer.VirtualSize;
        image.ContentId = layer.ContentId;
        image.FormatName = layer.FormatName;
        image.Backing = layer.Backing;
        image.DataFiles = layer is IMultiFileLayer { FurtherFiles: { Count: > 0 } files } ? DataFilesOf(image, files) : [];
        _policy.OnOpened?.Invoke(image, layer);
    }

    private List<(string Identity, string Path)> DataFilesOf(ForestImage image, IReadOnlyList<BackingReference> names)
    {
        List<(string Identity, string Path)> files = [];
        foreach (BackingReference name in names)
        {
            _cancellation.ThrowIfCancellationRequested();
            if (BackingFilePath.FirstExisting(image.Path, name, _policy.AllowUnc, IsAllowed) is { } path
                && HostFiles.IdentityOf(path) is { } identity
                && identity != image.Identity
                && !files.Exists(file => file.Identity == identity))
            {
                files.Add((identity, path));
            }
        }

        return files;
    }

    private void Add(ForestImage image, string folder)
    {
        _images.Add(image);
        _byPlace[(image.Identity, folder)] = image;
        AddTo(_byIdentity, image.Identity, image);
        foreach ((string data, _) in image.DataFiles)
        {
            AddTo(_byDataFile, data, image);
        }
    }

    private void FindBelow(ForestImage image)
    {
        if (image.Backing is not { } backing)
        {
            return;
        }

        image.State = QedOverlayState.NotFollowed;
        try
        {
            image.BackingPath = backing.IsByContentId
                ? PathOfContent(image, backing)
                : BackingFilePath.FirstExisting(image.Path, backing, _policy.AllowUnc, IsAllowed) ?? BackingFilePath.Resolve(image.Path, backing.Name, _policy.AllowUnc);
        }
        catch (QedBackingFileRefusedException)
        {
            return;
        }

        if (image.BackingPath is not { } path)
        {
            image.State = QedOverlayState.Orphan;
        }
        else if (IsAllowed(path))
        {
            Connect(image, path, backing);
        }
    }

    private void Connect(ForestImage image, string path, in BackingReference backing)
    {
        if (HostFiles.IdentityOf(path) is not { } identity)
        {
            image.State = QedOverlayState.Orphan;
            return;
        }

        string folder = HostFiles.FolderOf(path);
        ForestImage? below = _byPlace.TryGetValue((identity, folder), out ForestImage? there) ? there : Of(_byIdentity, identity).FirstOrDefault();
        if (below is null)
        {
            if (image.NamesFollowed == BackingChain.MaxLayers)
            {
                return;
            }

            below = new ForestImage(path, identity) { NamesFollowed = image.NamesFollowed + 1 };
            OpenNamed(below, BackingChain.FormatOf(backing));
            Add(below, folder);
        }

        image.Below = below;
        below.Above.Add(image);
        image.State = !below.IsKnown ? QedOverlayState.Unreadable
            : backing.Accepts(below.ContentId) && below.VirtualSize >= backing.MinVirtualSize ? QedOverlayState.Overlay
            : QedOverlayState.Mismatch;
    }

    // As in a chain: what the image records decides on the format, and only then the contents.
    private void OpenNamed(ForestImage image, IDiskFormat? recorded)
    {
        if (!_policy.FollowsNames || _policy.Except?.Invoke(image.Identity) == true || _unreadable.Contains(image.Identity))
        {
            return;
        }

        try
        {
            using IStorage storage = HostFiles.Open(image.Path, StorageAccess.Inspect);
            if (storage.Identity == image.Identity)
            {
                Open(image, storage, recorded ?? DiskFormats.Probe(storage));
            }
        }
        catch (QedException e)
        {
            AddProblem(image.Identity, e);
        }
    }

    private bool IsAllowed(string path) => _policy.Folders is not { } folders || folders.Contains(path);

    // Null if no file has the identifier.
    private string? PathOfContent(ForestImage image, in BackingReference backing)
    {
        string folder = HostFiles.FolderOf(image.Path);
        QedDiskFormat kind = backing.Format!.Value;
        IDiskFormat format = DiskFormats.Of(kind);
        Guid wanted = backing.ContentId!.Value;
        IEnumerable<string> paths;
        if (_folders.Contains(folder))
        {
            _byContentId ??= _images
                .Where(one => one.ContentId is not null && one.NamesFollowed == 0 && ContentSearch.IsNamedLike(one.Path, DiskFormats.Named(one.FormatName)))
                .ToLookup(one => (HostFiles.FolderOf(one.Path), one.FormatName, one.ContentId!.Value), one => one.Path);
            paths = _byContentId[(folder, format.Name, wanted)];
        }
        else
        {
            if (!_byContentIdElsewhere.TryGetValue((folder, kind), out ILookup<Guid, string>? elsewhere))
            {
                elsewhere = ContentSearch.ContentIdsIn(folder, format, IsAllowed);
                _byContentIdElsewhere.Add((folder, kind), elsewhere);
            }

            paths = elsewhere[wanted];
        }

        string[] found = [.. paths.Take(2)];
        return found.Length < 2
            ? found.FirstOrDefault()
            : throw QedBackingFileRefusedException.ForSameContentId(image.Path, backing.Name, Path.GetFileName(found[0]), Path.GetFileName(found[1]));
    }

    // Every image has at most one file below it, so a walk that comes back to an image of its own has found a cycle.
    private void FindCycles()
    {
        int walk = 0;
        foreach (ForestImage start in _images)
        {
            walk++;
            ForestImage? image = start;
            while (image is { Walk: 0 })
            {
                image.Walk = walk;
                image = image.Below;
            }

            if (image is not null && image.Walk == walk)
            {
                ForestImage first = image;
                for (ForestImage? one = image; one is not null && one.State != QedOverlayState.Cycle; one = one.Below)
                {
                    one.State = QedOverlayState.Cycle;
                    first = ByPath(one, first) < 0 ? one : first;
                }

                _roots.Add(first);
            }
        }
    }

    private void Arrange()
    {
        foreach (ForestImage image in _images)
        {
            image.Above.Sort(ByPath);
            if (image.IsKnown && image.Below is not { IsKnown: true } && !IsDataFile(image))
            {
                image.State = image.Backing is not null ? image.State : image.Above.Count > 0 ? QedOverlayState.Base : QedOverlayState.Standalone;
                _roots.Add(image);
            }
        }

        MarkBroken();
        _roots.Sort(ByPath);
        Problems = [.. _problems.Where(one => one.Identity is null || !_byDataFile.ContainsKey(one.Identity)).Select(one => one.Error).OrderBy(error => error.Path, NaturalOrder.Instance)];
    }

    private void MarkBroken()
    {
        Queue<ForestImage> broken = new(_images.Where(image => image.State is not (QedOverlayState.Standalone or QedOverlayState.Base or QedOverlayState.Overlay)));
        while (broken.Count > 0)
        {
            foreach (ForestImage above in broken.Dequeue().Above)
            {
                if (above.State == QedOverlayState.Overlay)
                {
                    above.State = QedOverlayState.Broken;
                    broken.Enqueue(above);
                }
            }
        }
    }

    // It belongs to the disk of the image that names it, and is not one by itself.
    private bool IsDataFile(ForestImage image) => image.Backing is null && image.Above.Count == 0 && _byDataFile.ContainsKey(image.Identity);
}
