using System;
using System.Collections.Generic;

namespace QedTools;

/// <summary>How images that lie over others are found.</summary>
public sealed record OverlayInspectionOptions
{
    /// <summary>The folders to look in, as paths of the host. Empty: the folder of the image.</summary>
    public IReadOnlyCollection<string> Folders { get; init; } = [];

    /// <summary>Whether to look in all folders inside them too. Links to folders are not followed.</summary>
    public bool Recurse { get; init; }

    /// <summary>The only folders, with all folders inside them, that files named by an image may be in. Empty: any folder.</summary>
    public IReadOnlyCollection<string> BackingFolders { get; init; } = [];

    /// <summary>Whether a backing name may lead to another network share.</summary>
    public bool AllowUnc { get; init; }

    /// <summary>Receives each error of a file or folder that could not be read, so that images can be missing from the result; null: nobody does.</summary>
    public Action<QedException>? OnUnreadable { get; init; }
}
