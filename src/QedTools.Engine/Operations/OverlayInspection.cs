using System;
using System.Collections.Generic;
using System.Threading;
using QedTools.Operations;

namespace QedTools;

/// <summary>Finds which images lie over which. Never changes a byte, takes no lock, and works on images in use.</summary>
/// <remarks>A file does not record which images are based on it: those in folders that are not looked in are not found.</remarks>
public static class OverlayInspection
{
    /// <summary>The images that lie over one, directly and further up; of a folder, all images in it and the files below them.</summary>
    /// <param name="path">The image, or any file that could be below one; or a folder.</param>
    /// <param name="options">Where to look.</param>
    /// <param name="progress">Receives how many files were looked at; may be null.</param>
    /// <param name="cancellation">Stops the search.</param>
    /// <returns>Each image after the one that it lies over, and siblings in the order of their paths.</returns>
    /// <exception cref="QedFileNotFoundException">Nothing exists at the path.</exception>
    /// <exception cref="QedNotAFileException">It is neither a file nor a folder.</exception>
    /// <exception cref="QedRequestException">One of the folders is not a folder.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static IReadOnlyList<QedOverlayInfo> Run(
        string path, OverlayInspectionOptions options, IProgress<OperationProgress>? progress = null, CancellationToken cancellation = default)
    {
        OverlayListing listing = OverlayListing.Read(OverlayListing.FoldersFor(path, options), options, progress, cancellation);
        foreach (QedException error in listing.Problems)
        {
            options.OnUnreadable?.Invoke(error);
        }

        return [.. listing.For(path)];
    }
}
