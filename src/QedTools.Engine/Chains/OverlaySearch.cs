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
    /// <param name="unknown">The images of which nobody knows: those that cannot be read, and those with a backing name that is not followed.</param>
    /// <returns>Full paths, in the order of their names.</returns>
    public static IReadOnlyList<string> Over(
        string identity, IEnumerable<string> folders, Func<string, bool> except, CancellationToken cancellation, out IReadOnlyList<string> unknown)
    {
        ForestPolicy policy = new() { Except = own => own == identity || except(own) };
        ImageForest forest = ImageForest.Read(folders, policy, progress: null, cancellation);
        unknown =
        [
            .. forest.Problems.Select(problem => problem.Path)
                .Concat(forest.All().Select(found => found.Image).Where(MayNameLocalFile).Select(image => image.Path)),
        ];
        return
        [
            .. forest
                .Over(identity)
                .Where(found => found.Depth == 1)
                .Select(found => found.Image.Path)
                .OrderBy(path => path, StringComparer.Ordinal),
        ];
    }

    // QEMU has two ways to write a file's name as one with a protocol.
    private static bool MayNameLocalFile(ForestImage image) =>
        image.State == QedOverlayState.NotFollowed
        && image.Backing is { Name: { } name }
        && (!BackingFilePath.HasProtocol(name)
            || name.StartsWith("file:", StringComparison.OrdinalIgnoreCase)
            || name.StartsWith("json:", StringComparison.OrdinalIgnoreCase));
}
