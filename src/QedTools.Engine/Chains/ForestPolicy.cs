using System;
using QedTools.Disks;

namespace QedTools.Chains;

/// <summary>How the images in some folders are found, and how the names in them are followed.</summary>
internal sealed record ForestPolicy
{
    /// <summary>Whether to look in the folders inside the folders too. Links to folders are not followed.</summary>
    public bool Recurse { get; init; }

    /// <summary>Whether to open backing files that are in other folders. Otherwise it is only determined which file a name leads to.</summary>
    public bool FollowsNames { get; init; }

    /// <summary>Whether a backing name may lead to another network share.</summary>
    public bool AllowUnc { get; init; }

    /// <summary>The folders that files named by images may be in; null: any.</summary>
    public BackingFolderSet? Folders { get; init; }

    /// <summary>Whether a file is known and is not opened, by its <see cref="Storage.IStorage.Identity"/>; null if none is.</summary>
    public Func<string, bool>? Except { get; init; }

    /// <summary>Receives each image while it is open; called again for an image that is found under a better name. May be null.</summary>
    public Action<ForestImage, IDiskLayer>? OnOpened { get; init; }
}
