using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using QedTools.Disks;
using QedTools.Partitions;
using QedTools.Storage;

namespace QedTools.Chains;

/// <summary>The layers of an image, from the image itself down, opened one by one.</summary>
internal sealed class BackingChain : IDisposable
{
    /// <summary>The maximum number of layers in a chain.</summary>
    public const int MaxLayers = 64;

    private const int MaxSnapshotsNamed = 10;

    private readonly ChainPolicy _policy;
    private readonly List<IDiskLayer> _layers = [];
    private readonly List<List<OpenFile>> _files = [];
    private readonly HashSet<int> _written = [];
    private readonly HashSet<string> _identities = new(StringComparer.Ordinal);

    private (long Offset, long Length)? _part;

    private BackingChain(ChainPolicy policy) => _policy = policy;

    /// <summary>The layers opened so far, from the top down.</summary>
    public IReadOnlyList<IDiskLayer> Layers => _layers;

    /// <summary>The size of the disk as a whole or, if one partition of it is all that counts, of that partition, in bytes.</summary>
    public long VirtualSize => _part?.Length ?? _layers[0].VirtualSize;

    /// <summary>Where the partition that is all that counts begins on the disk, in bytes; 0 for the disk as a whole.</summary>
    public long PartOffset => _part?.Offset ?? 0;

    /// <summary>Whether a file is one of the layers opened so far.</summary>
    /// <param name="identity">The file's <see cref="IStorage.Identity"/>.</param>
    public bool Contains(string identity) => _identities.Contains(identity);

    /// <summary>Opens the first layer only.</summary>
    /// <param name="path">The file.</param>
    /// <param name="format">Its format, unless the policy names one; null to detect it from the contents.</param>
    /// <param name="policy">How to open it and what is below it.</param>
    /// <exception cref="QedNotAnImageException">It is not of that format.</exception>
    /// <exception cref="QedSnapshotNotFoundException">It does not have the snapshot that the policy names.</exception>
    /// <exception cref="QedException">It could not be opened.</exception>
    public static BackingChain OpenTop(string path, IDiskFormat? format, ChainPolicy policy) => OpenTop(path, _ => format, policy);

    /// <summary>Opens the first layer only, as a format that is chosen once its file is open.</summary>
    /// <param name="path">The file.</param>
    /// <param name="chooseFormat">Chooses the format, unless the policy names one; null to tell it by the contents.</param>
    /// <param name="policy">How to open it and what lies under it.</param>
    /// <inheritdoc cref="OpenTop(string, IDiskFormat, ChainPolicy)"/>
    public static BackingChain OpenTop(string path, Func<IStorage, IDiskFormat?> chooseFormat, ChainPolicy policy)
    {
        IDiskFormat? format = null;
        return OpenTop(path, policy, () => format, file =>
        {
            if (policy.TopFormat is { } named)
            {
                return DiskFormats.OpenNamed(file, DiskFormats.Of(named));
            }

            format = chooseFormat(file);
            return DiskFormats.Open(file, format);
        });
    }

    /// <summary>Opens the first layer only, for operations that only layers of one format support.</summary>
    /// <param name="path">The file.</param>
    /// <param name="format">Its format; the policy names none.</param>
    /// <param name="policy">How to open it and what is below it.</param>
    /// <param name="top">The layer; the chain owns it.</param>
    /// <exception cref="QedNotAnImageException">It is not of that format.</exception>
    /// <exception cref="QedException">It could not be opened.</exception>
    public static BackingChain OpenTop<TLayer>(string path, IDiskFormat<TLayer> format, ChainPolicy policy, out TLayer top)
        where TLayer : class, IDiskLayer
    {
        TLayer? opened = null;
        BackingChain chain = OpenTop(path, policy, () => format, file => opened = DiskFormats.Open(file, format));
        top = opened!;
        return chain;
    }

    private static BackingChain OpenTop(string path, ChainPolicy policy, Func<IDiskFormat?> formatOf, Func<IStorage, IDiskLayer> open)
    {
        BackingChain chain = new(policy);
        try
        {
            chain.Add(HostFiles.Open(path, policy.Access, policy.Trace, policy.TopMayBeDevice && policy.Access != StorageAccess.Write), open);
            chain.ReportTop(formatOf());
            if (policy.TopSnapshot is { } snapshot)
            {
                chain.UseSnapshot(snapshot);
            }

            return chain;
        }
        catch (QedNotAnImageException e)
        {
            chain.Dispose();
            e.FormatOption = policy.TopFormatOption;
            throw;
        }
        catch
        {
            chain.Dispose();
            throw;
        }
    }

    /// <summary>Opens all layers.</summary>
    /// <param name="path">The file on top.</param>
    /// <param name="format">Its format, unless the policy names one; null to detect it from the contents.</param>
    /// <param name="policy">How to open the layers.</param>
    /// <exception cref="QedBackingFileException">A layer names a file that is missing, not followed or above it.</exception>
    /// <exception cref="QedException">A layer could not be opened.</exception>
    public static BackingChain OpenAll(string path, IDiskFormat? format, ChainPolicy policy) => OpenAll(path, _ => format, policy);

    /// <summary>Opens all layers, the first one as a format that is chosen once its file is open.</summary>
    /// <param name="path">The file on top.</param>
    /// <param name="chooseFormat">Chooses its format, unless the policy names one; null to tell it by the contents.</param>
    /// <param name="policy">How to open the layers.</param>
    /// <inheritdoc cref="OpenAll(string, IDiskFormat, ChainPolicy)"/>
    public static BackingChain OpenAll(string path, Func<IStorage, IDiskFormat?> chooseFormat, ChainPolicy policy)
    {
        BackingChain chain = OpenTop(path, chooseFormat, policy);
        chain.OpenRest();
        return chain;
    }

    /// <summary>Opens all layers, for operations that only layers of one format support.</summary>
    /// <param name="path">The file on top.</param>
    /// <param name="format">Its format; the policy names none.</param>
    /// <param name="policy">How to open the layers.</param>
    /// <param name="top">The layer on top; the chain owns it.</param>
    /// <exception cref="QedBackingFileException">A layer names a file that is missing, not followed or above it.</exception>
    /// <exception cref="QedException">A layer could not be opened.</exception>
    public static BackingChain OpenAll<TLayer>(string path, IDiskFormat<TLayer> format, ChainPolicy policy, out TLayer top)
        where TLayer : class, IDiskLayer
    {
        BackingChain chain = OpenTop(path, format, policy, out top);
        chain.OpenRest();
        return chain;
    }

    /// <summary>Opens the file under the last layer.</summary>
    /// <returns>False if there is none.</returns>
    /// <exception cref="QedBackingFileException">The name leads to a file that is missing, not followed or above it.</exception>
    /// <exception cref="QedException">The file could not be opened.</exception>
    public bool OpenNext()
    {
        IDiskLayer last = _layers[_layers.Count - 1];
        OpenFurtherFiles(_layers.Count - 1);
        string namedBy = last.Storage.Path;
        string? chosen = _layers.Count == 1 ? _policy.TopBackingFile : null;
        if (last.Backing is not { } backing)
        {
            return chosen is null ? false : throw new QedRequestException(
                namedBy,
                "SourceBackingFile",
                chosen,
                "none",
                $"'{namedBy}' names no backing file, so '{chosen}' cannot take the place of one. Leave it out, or name the overlay.");
        }

        if (_layers.Count == MaxLayers)
        {
            throw QedBackingChainException.ForDepth(namedBy, backing.Name, MaxLayers);
        }

        QedDiskFormat? namedByFormat = DiskFormats.Named(last.FormatName).Kind;
        string path = chosen is not null ? Path.GetFullPath(chosen)
            : backing.IsByContentId ? Search(namedBy, backing, namedByFormat)
            : Locate(namedBy, backing, namedByFormat);

        // Checked before it is locked: a file above it is locked by this very chain.
        if (HostFiles.IdentityOf(path) is { } identity && Contains(identity))
        {
            throw QedBackingChainException.ForCycle(namedBy, chosen ?? backing.Name, chosen is null ? namedByFormat : null);
        }

        IDiskFormat? format = FormatOf(backing);
        IStorage storage;
        try
        {
            storage = HostFiles.Open(path, _policy.AccessAt(_layers.Count), _policy.Trace);
        }
        catch (QedFileNotFoundException e) when (chosen is null)
        {
            throw QedBackingFileNotFoundException.ForLayer(namedBy, backing.Name, path, namedByFormat, e);
        }
        catch (QedNotAFileException e) when (chosen is null)
        {
            throw new QedBackingFileRefusedException(namedBy, backing.Name, $"it is {e.Kind}.", QedRemedy.NameBackingFile, namedByFormat);
        }

        Add(storage, file =>
        {
            if (chosen is null)
            {
                RequireAllowed(file, path, namedBy, backing.Name, namedByFormat);
            }
            else if (format == DiskFormats.Raw)
            {
                WarnOfContents(file);
            }

            return DiskFormats.Open(file, format);
        });
        ReportNext(namedBy, backing);
        if (!backing.Accepts(_layers[_layers.Count - 1].ContentId))
        {
            throw new QedBackingFileRefusedException(
                namedBy, backing.Name, $"it is not, or is no longer, the disk that the overlay was created over, whose identifier is {backing.ContentId}. Put that disk back in its place.");
        }

        long found = _layers[_layers.Count - 1].VirtualSize;
        return found >= backing.MinVirtualSize
            ? true
            : throw new QedBackingFileRefusedException(
                namedBy,
                backing.Name,
                $"its disk has {found} bytes, fewer than the {backing.MinVirtualSize} of the disk above it, which {last.FormatName} does not allow. Put back the disk that the overlay was created over.");
    }

    /// <summary>The format that a backing file is to be opened with; null to detect it from the contents.</summary>
    public static IDiskFormat? FormatOf(in BackingReference backing) => backing.IsRaw
        ? DiskFormats.Raw
        : backing.Format is { } kind ? DiskFormats.Of(kind) : null;

    /// <summary>The disk formed by the layers opened so far, or the partition of it that is all that counts. The chain owns those layers.</summary>
    /// <param name="depth">The layer to begin with: 0 for the disk, 1 for what the backing file shows, always as a whole.</param>
    public IDisk ToDisk(int depth = 0)
    {
        IDisk disk = ToDiskOf(depth, _layers.Count);
        return depth == 0 && _part is { } part ? new DiskPart(disk, part.Offset, part.Length) : disk;
    }

    /// <summary>The disk formed by some of the layers, without what is below them.</summary>
    /// <param name="depth">The layer to begin with.</param>
    /// <param name="end">The first layer that is left out.</param>
    public IDisk ToDiskOf(int depth, int end)
    {
        IDisk? disk = null;
        for (int i = end - 1; i >= depth; i--)
        {
            OpenFurtherFiles(i);
            disk = _layers[i].ToDisk(disk);
        }

        return disk ?? throw new InvalidOperationException("A chain has at least one layer.");
    }

    /// <summary>Makes sure that a layer may be written to: a check finds nothing but leaks, and no other image would read wrong data.</summary>
    /// <param name="depth">The layer: 0 for the top.</param>
    /// <param name="others">How the change may affect other images that are based on the layer.</param>
    /// <param name="progress">Receives the progress of the check; may be null.</param>
    /// <param name="cancellation">Stops the check and the search.</param>
    /// <exception cref="QedBackingFileSharedException">Another image is based on the layer, and that was not allowed.</exception>
    /// <exception cref="QedCorruptException">The check found more than leaks.</exception>
    /// <exception cref="QedUnsupportedFormatException">Files of this format are written only as new files.</exception>
    /// <exception cref="QedException">A file could not be read.</exception>
    public void RequireWritable(
        int depth, OtherOverlays others, IProgress<OperationProgress>? progress, CancellationToken cancellation)
    {
        IDiskLayer layer = _layers[depth];
        layer.RequireWritable(progress, cancellation);
        if (others != OtherOverlays.Refuse)
        {
            return;
        }

        if (OverlaysOver(depth, cancellation, out IReadOnlyList<string> unknown) is { Count: > 0 } found)
        {
            throw new QedBackingFileSharedException(_layers[0].Storage.Path, Path.GetFullPath(layer.Storage.Path), found);
        }

        if (unknown.Count > 0)
        {
            _policy.Trace?.Warn($"Whether {QedBackingFileSharedException.Names(unknown)} is based on '{layer.Storage.Path}' could not be found out. If so, it will read wrong data.");
        }
    }

    /// <summary>The images outside the chain that are based on a layer, as far as they are in the folders of the layers down to it.</summary>
    /// <param name="depth">The layer: 0 for the top.</param>
    /// <param name="cancellation">Stops the search.</param>
    /// <param name="unknown">The images of which nobody knows.</param>
    /// <returns>Full paths, in the order of their names.</returns>
    public IReadOnlyList<string> OverlaysOver(int depth, CancellationToken cancellation, out IReadOnlyList<string> unknown) => OverlaySearch.Over(
        _layers[depth].Storage.Identity,
        _layers.Take(depth + 1).Select(above => HostFiles.FolderOf(above.Storage.Path)).Distinct(),
        Contains,
        cancellation,
        out unknown);

    /// <summary>Allows changes to a layer from now on, after the checks of <see cref="RequireWritable"/>.</summary>
    /// <inheritdoc cref="RequireWritable"/>
    public void BeginWriting(
        int depth, OtherOverlays others, IProgress<OperationProgress>? progress, CancellationToken cancellation)
    {
        RequireWritable(depth, others, progress, cancellation);
        _layers[depth].BeginWriting(progress, cancellation);
        _written.Add(depth);
    }

    /// <summary>
    /// Makes sure that the layers that are only read are as they were when they were opened: a file that was truncated and grew again
    /// in the meantime gives zeroes, and one that was overwritten by a copy gives a mixture of both.
    /// </summary>
    /// <remarks>
    /// Layers that were written to are skipped. If reading alongside a writer was requested, a file only must not have become shorter.
    /// </remarks>
    /// <exception cref="QedFileChangedException">One has changed.</exception>
    public void RequireUnchanged()
    {
        for (int i = 0; i < _layers.Count; i++)
        {
            if (_written.Contains(i))
            {
                continue;
            }

            bool isShared = _policy.AccessAt(i) == StorageAccess.Inspect;
            foreach ((IStorage storage, StorageStamp before) in _files[i])
            {
                StorageStamp now = storage.Stamp;
                if (isShared ? now.Length < before.Length : now.Length != before.Length)
                {
                    throw QedFileChangedException.ForLength(storage.Path, before.Length, now.Length);
                }

                if (!isShared && now.Modified != before.Modified)
                {
                    throw QedFileChangedException.ForContents(storage.Path);
                }
            }
        }
    }

    /// <summary>Writes all changes of the top layer to the disk, leaves it clean and closes all layers.</summary>
    /// <exception cref="QedException">The last changes could not be written; the layers are closed nevertheless.</exception>
    public void Close()
    {
        try
        {
            _layers[0].EndWriting();
        }
        finally
        {
            Dispose();
        }
    }

    /// <summary>Closes all layers, without changing files that were not changed before.</summary>
    public void Dispose()
    {
        // From the bottom up: only the top layer may have something left to write, which can fail.
        while (_layers.Count > 0)
        {
            IDiskLayer last = _layers[_layers.Count - 1];
            _layers.RemoveAt(_layers.Count - 1);
            _files.RemoveAt(_files.Count - 1);
            last.Dispose();
        }
    }

    // If a layer cannot be opened, those already open are closed.
    private void OpenRest()
    {
        try
        {
            while (OpenNext())
            {
            }

            if (_policy.TopPartition is { } number)
            {
                UsePartition(number);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    private void UsePartition(int number)
    {
        string path = _layers[0].Storage.Path;
        IDisk disk = ToDisk();
        PartitionTable table = PartitionSurvey.TableOf(disk, _layers[0].SectorSize, path, _policy.Trace);
        PartitionEntry found = table.Entries.FirstOrDefault(entry => entry.Number == number)
            ?? throw QedPartitionNotFoundException.ForNumber(path, number, PartitionSurvey.Describe(disk, table, path, trace: null));
        _part = found.End <= disk.Length
            ? (found.Start, found.Length)
            : throw QedPartitionNotFoundException.ForEnd(path, number, found.End, disk.Length);
        _policy.Trace?.Decision?.Invoke(FormattableString.Invariant(
            $"{PrintableText.Of(path)}: partition {number}, {found.Length} bytes from {found.Start} on, is the disk."));
    }

    private string Search(string namedBy, in BackingReference backing, QedDiskFormat? namedByFormat)
    {
        Guid? contentId = backing.ContentId;
        if (_layers.Exists(layer => layer.ContentId == contentId))
        {
            throw QedBackingChainException.ForCycle(namedBy, backing.Name, namedByFormat);
        }

        return RequireAllowed(ContentSearch.Find(namedBy, backing, Contains, IsAllowed), namedBy, backing.Name, namedByFormat);
    }

    private bool IsAllowed(string path) => _policy.Folders is not { } folders || folders.Contains(path);

    private void RequireAllowed(IStorage storage, string path, string namedBy, string name, QedDiskFormat? namedByFormat)
    {
        if (_policy.Folders is { } folders && !folders.ContainsOpen(storage, path))
        {
            throw new QedBackingFileRefusedException(
                namedBy, name, $"'{path}' is outside the folders that such files may be in.", QedRemedy.AllowFolder, namedByFormat);
        }
    }

    // The image records that its backing file is raw, and another file than the recorded one was chosen.
    private void WarnOfContents(IStorage storage)
    {
        if (_policy.Trace?.Warning is not null && DiskFormats.OtherThanRaw(storage) is { } other)
        {
            _policy.Trace.Warn($"'{storage.Path}' is read as a raw disk because the image records that its backing file is raw, but it begins like {DiskFormats.PhraseOf(other)}.");
        }
    }

    private string RequireAllowed(string path, string namedBy, string name, QedDiskFormat? namedByFormat) => IsAllowed(path)
        ? path
        : throw new QedBackingFileRefusedException(
            namedBy, name, $"'{path}' is outside the folders that such files may be in.", QedRemedy.AllowFolder, namedByFormat);

    // The first of the names at which there is a file; otherwise the first of all, so that its absence is reported.
    private string Locate(string namedBy, in BackingReference backing, QedDiskFormat? namedByFormat) =>
        backing.OtherNames is not null && BackingFilePath.FirstExisting(namedBy, backing, _policy.AllowUnc, IsAllowed) is { } found
            ? found
            : RequireAllowed(BackingFilePath.Resolve(namedBy, backing.Name, _policy.AllowUnc, namedByFormat), namedBy, backing.Name, namedByFormat);

    private void Add(IStorage storage, Func<IStorage, IDiskLayer> open)
    {
        try
        {
            StorageStamp stamp = storage.Stamp;
            _layers.Add(open(storage));
            _files.Add([new OpenFile(storage, stamp)]);
            _identities.Add(storage.Identity);
        }
        catch
        {
            storage.Dispose();
            throw;
        }
    }

    // The files that a layer has besides its own. Only the layer leads to them, so they are opened as late as possible.
    private void OpenFurtherFiles(int depth)
    {
        if (_layers[depth] is not IMultiFileLayer { NeedsFiles: true } layer)
        {
            return;
        }

        IReadOnlyList<BackingReference> names = layer.FurtherFiles;
        List<IStorage> files = new(names.Count);
        Dictionary<string, IStorage> opened = new(StringComparer.Ordinal) { [layer.Storage.Identity] = layer.Storage };
        try
        {
            foreach (BackingReference name in names)
            {
                files.Add(OpenFurtherFile(layer.Storage.Path, name, depth, opened));
            }
        }
        catch
        {
            DisposeAllBut(layer.Storage, opened.Values);
            throw;
        }

        foreach (KeyValuePair<string, IStorage> file in opened)
        {
            if (file.Value != layer.Storage)
            {
                _files[depth].Add(new OpenFile(file.Value, file.Value.Stamp));
                _identities.Add(file.Key);
            }
        }

        layer.Attach(files);
    }

    private IStorage OpenFurtherFile(string namedBy, in BackingReference name, int depth, Dictionary<string, IStorage> opened)
    {
        string path;
        try
        {
            path = Locate(namedBy, name, DiskFormats.Named(_layers[depth].FormatName).Kind);
        }
        catch (QedBackingFileRefusedException e) when (e.Remedy != QedRemedy.AllowFolder)
        {
            throw QedBackingFileRefusedException.ForFurtherFile(
                namedBy, name.Name, "it is not a file name, or it leads to a protocol, a device or another network share.", e);
        }

        if (HostFiles.IdentityOf(path) is { } identity)
        {
            if (opened.TryGetValue(identity, out IStorage? known))
            {
                return known;
            }

            if (Contains(identity))
            {
                throw QedBackingChainException.ForCycle(namedBy, name.Name, DiskFormats.Named(_layers[depth].FormatName).Kind);
            }
        }

        try
        {
            IStorage storage = HostFiles.Open(
                path, _policy.AccessAt(depth) == StorageAccess.Inspect ? StorageAccess.Inspect : StorageAccess.Read, _policy.Trace);
            opened.Add(storage.Identity, storage);
            RequireAllowed(storage, path, namedBy, name.Name, DiskFormats.Named(_layers[depth].FormatName).Kind);
            _policy.Trace?.Detail?.Invoke($"{PrintableText.Of(namedBy)}: its data is in '{PrintableText.Of(path)}', {storage.Length} bytes.");
            return storage;
        }
        catch (QedFileNotFoundException e)
        {
            throw QedBackingFileNotFoundException.ForFurtherFile(namedBy, name.Name, path, e);
        }
        catch (QedNotAFileException e)
        {
            throw QedBackingFileRefusedException.ForFurtherFile(namedBy, name.Name, $"it is {e.Kind}.", e);
        }
    }

    /// <summary>How long the files are that a layer's disk is in besides its own, as far as they can be opened; zeroes for those that the layer has open.</summary>
    /// <param name="depth">The layer: 0 for the top.</param>
    public (long Length, long AllocatedBytes) SizeOfFurtherFiles(int depth)
    {
        if (_layers[depth] is not IMultiFileLayer { NeedsFiles: true } layer)
        {
            return default;
        }

        Dictionary<string, IStorage> opened = new(StringComparer.Ordinal) { [layer.Storage.Identity] = layer.Storage };
        HashSet<IStorage> counted = [layer.Storage];
        (long length, long allocated) = (0, 0);
        try
        {
            foreach (BackingReference name in layer.FurtherFiles)
            {
                if (TryOpenFurtherFile(layer.Storage.Path, name, depth, opened) is { } file && counted.Add(file))
                {
                    length += file.Length;
                    allocated += file.AllocatedBytes;
                }
            }

            return (length, allocated);
        }
        finally
        {
            DisposeAllBut(layer.Storage, opened.Values);
        }
    }

    private IStorage? TryOpenFurtherFile(string namedBy, in BackingReference name, int depth, Dictionary<string, IStorage> opened)
    {
        try
        {
            return OpenFurtherFile(namedBy, name, depth, opened);
        }
        catch (QedException)
        {
            return null;
        }
    }

    private static void DisposeAllBut(IStorage kept, IEnumerable<IStorage> files)
    {
        foreach (IStorage file in files.Where(file => file != kept))
        {
            file.Dispose();
        }
    }

    // As QEMU does: the first one with that id or, if there is none, the first one with that name.
    private void UseSnapshot(string nameOrId)
    {
        string path = _layers[0].Storage.Path;
        if (_layers[0] is not ISnapshotLayer layer)
        {
            throw QedSnapshotNotFoundException.ForFormat(path, nameOrId, _layers[0].FormatName);
        }

        DiskSnapshot? byId = null;
        DiskSnapshot? byName = null;
        List<DiskSnapshot> first = [];
        int count = 0;
        foreach (DiskSnapshot one in layer.Snapshots)
        {
            byId ??= string.Equals(one.Id, nameOrId, StringComparison.Ordinal) ? one : null;
            byName ??= string.Equals(one.Name, nameOrId, StringComparison.Ordinal) ? one : null;
            if (count++ < MaxSnapshotsNamed)
            {
                first.Add(one);
            }
        }

        DiskSnapshot found = byId ?? byName ?? throw QedSnapshotNotFoundException.ForFile(path, nameOrId, first, count);
        layer.UseSnapshot(found);
        _policy.Trace?.Decision?.Invoke(FormattableString.Invariant(
            $"{PrintableText.Of(path)}: read as it was in the snapshot '{PrintableText.Of(found.Name)}' (id {PrintableText.Of(found.Id)}) of {found.Taken:u}."));
    }

    private void ReportTop(IDiskFormat? format)
    {
        IDiskLayer top = _layers[0];
        bool isNamed = _policy.TopFormat is not null;
        if (_policy.Trace?.Warning is not null && !isNamed)
        {
            _policy.Trace.Warn(
                format is null ? FormatWarning.ByContents(top)
                : format == DiskFormats.OfExtension(top.Storage.Path) ? FormatWarning.ByExtension(top.Storage, format)
                : null,
                _policy.TopFormatOption);
        }

        bool isByExtension = DiskFormats.OfExtension(top.Storage.Path)?.Name == top.FormatName;
        if (isNamed || !isByExtension || top.FormatName != DiskFormats.Qed.Name)
        {
            string reason = isNamed ? "as requested" : isByExtension ? "by its extension" : "by its contents";
            _policy.Trace?.Decision?.Invoke($"{PrintableText.Of(top.Storage.Path)}: read as {top.FormatName}, {reason}.");
        }

        ReportLayer(top);
    }

    private void ReportNext(string namedBy, in BackingReference backing)
    {
        IDiskLayer layer = _layers[_layers.Count - 1];
        bool isByContents = FormatOf(backing) is null;
        if (isByContents && _policy.Trace?.Warning is not null)
        {
            _policy.Trace.Warn(FormatWarning.ByContents(layer), option: null);
        }

        string reason = isByContents ? "by its contents" : "as the image says";
        _policy.Trace?.Decision?.Invoke(
            $"{PrintableText.Of(namedBy)}: its backing file is '{PrintableText.Of(layer.Storage.Path)}', read as {layer.FormatName}, {reason}.");
        ReportLayer(layer);
    }

    private void ReportLayer(IDiskLayer layer)
    {
        _policy.Trace?.Detail?.Invoke(
            $"{PrintableText.Of(layer.Storage.Path)}: a {layer.FormatName} file of {layer.Storage.Length} bytes, a disk of {layer.VirtualSize} bytes.");
        layer.Follow(_policy.Trace, layer.Storage.Path);
    }

    /// <summary>A file that a layer reads, and its stamp when it was opened.</summary>
    private readonly record struct OpenFile(IStorage Storage, StorageStamp Stamp);
}
