using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using QedTools.Storage;

namespace QedTools.Chains;

/// <summary>Finds images based on a file: their disks change when it does.</summary>
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
        ForestPolicy policy = new() { Except = own => own == identity || except(own) };
        return
        [
            .. ImageForest.Read(folders, policy, progress: null, cancellation)
                .Over(identity)
                .Where(found => found.Depth == 1)
                .Select(found => found.Image.Path)
                .OrderBy(path => path, StringComparer.Ordinal),
        ];
    }
}
