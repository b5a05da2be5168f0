using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using QedTools.Operations;
using QedTools.Sessions;

namespace QedTools.Commands;

/// <summary>A cmdlet about which images lie over which: where it looks for them.</summary>
public abstract class QedOverlayCommand : QedReadCommand
{
    // Many images are usually from one folder, which is then read only once.
    private IReadOnlyList<string> _folders = [];
    private OverlayListing? _listing;

    /// <summary>The folders to look for overlays in; by default the folder of the image.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] Folder { get; set; } = [];

    /// <summary>Look in the folders inside those folders too.</summary>
    [Parameter]
    public SwitchParameter Recurse { get; set; }

    /// <summary>The only folders that files named by an image may be in, for images from elsewhere.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] BackingFolder { get; set; } = [];

    /// <summary>Follow backing file names that lead to another network share.</summary>
    [Parameter]
    public SwitchParameter AllowUnc { get; set; }

    /// <summary>Reads the folders for a path, and writes an error for each file that cannot be read.</summary>
    /// <param name="path">The image, or the folder.</param>
    private protected OverlayListing ListingFor(string path)
    {
        OverlayInspectionOptions options = new()
        {
            Folders = [.. Folder.Select(folder => SessionPaths.ToExistingHost(this, folder))],
            Recurse = Recurse,
            BackingFolders = [.. BackingFolder.Select(folder => SessionPaths.ToExistingHost(this, folder))],
            AllowUnc = AllowUnc,
        };
        IReadOnlyList<string> folders = OverlayListing.FoldersFor(path, options);
        if (_listing is null || !folders.SequenceEqual(_folders, StringComparer.Ordinal))
        {
            _listing = WithProgress(Messages.Searching, folders[0], progress => OverlayListing.Read(folders, options, progress, Cancellation));
            _folders = folders;
            foreach (QedException problem in _listing.Problems)
            {
                WriteError(problem, problem.Path);
            }
        }

        return _listing;
    }
}
