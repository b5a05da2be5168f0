using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using QedTools.Chains;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools;

/// <summary>What can be determined about a disk's file before it is read.</summary>
public static class DiskSource
{
    /// <summary>A warning about a new file's name if its extension means another format; null if there is nothing to warn about.</summary>
    /// <param name="path">The new file, which need not exist.</param>
    /// <param name="format">Its format.</param>
    public static string? WarningForName(string path, QedDiskFormat format) =>
        DiskFormats.MeantBy(path) is { } meant && meant.Kind != format
            ? PrintableText.Of($"'{path}' is a {NameOf(format)} file with the extension of {meant.Name} files, so programs that go by the extension will misread it. Give it another name.")
            : null;

    /// <summary>A warning about images in a file's folder that are based on it and read wrong data when it is replaced; null if there are none.</summary>
    /// <param name="path">The file; it need not exist.</param>
    /// <param name="cancellation">Stops the search.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static string? WarningForReplaced(string path, CancellationToken cancellation = default) =>
        HostFiles.IdentityOf(path) is { } identity
        && OverlaySearch.Over(identity, [HostFiles.FolderOf(path)], own => own == identity, cancellation, out _) is { Count: > 0 } overlays
            ? PrintableText.Of($"'{path}' underlies {QedBackingFileSharedException.Names(overlays)}, which will read wrong data once it is replaced.")
            : null;

    /// <summary>The format that a file's extension means; null if it means none.</summary>
    /// <param name="path">The file, which need not exist.</param>
    public static QedDiskFormat? FormatOfExtension(string path) => DiskFormats.OfExtension(path)?.Kind;

    /// <summary>The format of a file's contents; null for a file of no known format, and for one that cannot be read.</summary>
    /// <param name="path">The file.</param>
    public static QedDiskFormat? FormatOfContents(string path)
    {
        try
        {
            using IStorage storage = HostFiles.Open(path, StorageAccess.Inspect);
            IDiskFormat format = DiskFormats.Probe(storage);
            return format == DiskFormats.Raw ? null : format.Kind;
        }
        catch (QedException)
        {
            return null;
        }
    }

    /// <summary>The first snapshots that a file stores; none for a file that stores none, and for one that cannot be read.</summary>
    /// <param name="path">The file.</param>
    /// <param name="format">Its format; null to use that of its extension, else that of its contents.</param>
    /// <param name="max">The maximum number to return.</param>
    internal static IReadOnlyList<DiskSnapshot> SnapshotsOf(string path, QedDiskFormat? format, int max)
    {
        try
        {
            ChainPolicy policy = new(StorageAccess.Inspect, AllowUnc: false) { TopFormat = format };
            using BackingChain chain = BackingChain.OpenTop(path, DiskFormats.OfExtension(path), policy);
            return chain.Layers[0] is ISnapshotLayer layer ? [.. layer.Snapshots.Take(max)] : [];
        }
        catch (QedException)
        {
            return [];
        }
    }

    /// <summary>The partitions of a disk; none for a disk that cannot be read.</summary>
    /// <param name="path">The image.</param>
    /// <param name="format">Its format; null to use that of its extension, else that of its contents.</param>
    internal static IReadOnlyList<QedPartition> PartitionsOf(string path, QedDiskFormat? format)
    {
        try
        {
            return DiskPartitioning.Run(path, new DiskPartitioningOptions { SourceFormat = format, ForceShare = true });
        }
        catch (QedException)
        {
            return [];
        }
    }

    /// <summary>A format's name, such as "QED".</summary>
    /// <param name="format">The format.</param>
    public static string NameOf(QedDiskFormat format) => DiskFormats.Of(format).Name;
}
