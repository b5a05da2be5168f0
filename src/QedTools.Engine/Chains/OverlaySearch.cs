using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Chains;

/// <summary>Finds images based on a file: their disks change when it does.</summary>
/// <remarks>A file does not record which images are based on it, so this looks where overlays usually are and finds no others.</remarks>
internal static class OverlaySearch
{
    /// <summary>The images in some folders that have a file as their backing file, or have data in it.</summary>
    /// <param name="identity">The <see cref="IStorage.Identity"/> of that file.</param>
    /// <param name="folders">Where to look; subfolders are not searched.</param>
    /// <param name="except">Whether a file is known and does not count, by its <see cref="IStorage.Identity"/>.</param>
    /// <param name="cancellation">Stops the search.</param>
    /// <returns>Full paths, in the order of their names. Files that cannot be read are left out.</returns>
    public static IReadOnlyList<string> Over(
        string identity, IEnumerable<string> folders, Func<string, bool> except, CancellationToken cancellation)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        List<string> found = [];
        foreach (string folder in folders)
        {
            foreach (string path in FilesIn(folder))
            {
                cancellation.ThrowIfCancellationRequested();
                // By its contents, as an overlay may have any name.
                if (HostFiles.IdentityOf(path) is { } own
                    && own != identity
                    && !except(own)
                    && seen.Add(own)
                    && IsBasedOn(path, identity))
                {
                    found.Add(path);
                }
            }
        }

        found.Sort(StringComparer.Ordinal);
        return found;
    }

    private static string[] FilesIn(string folder)
    {
        try
        {
            return HostFiles.FilesIn(folder);
        }
        catch (QedException)
        {
            return [];
        }
    }

    private static bool IsBasedOn(string path, string identity)
    {
        try
        {
            using BackingChain image = BackingChain.OpenTop(path, format: null, new ChainPolicy(StorageAccess.Inspect, AllowUnc: false));
            IDiskLayer layer = image.Layers[0];
            return (layer.Backing is { } backing && IsNamed(backing))
                || (layer is IMultiFileLayer parts && parts.FurtherFiles.Any(IsNamed));
        }
        catch (QedException)
        {
            return false;
        }

        bool IsNamed(BackingReference file) => HostFiles.IdentityOf(file.IsByContentId
            ? ContentSearch.Find(path, file)
            : BackingFilePath.Resolve(path, file.Name, allowUnc: false)) == identity;
    }
}
