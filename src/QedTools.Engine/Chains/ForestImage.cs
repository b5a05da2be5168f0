using System;
using System.Collections.Generic;
using QedTools.Disks;

namespace QedTools.Chains;

/// <summary>A file in an <see cref="ImageForest"/>. A file with names in several folders occurs once for each folder, as relative names in it differ.</summary>
/// <param name="path">Its full path.</param>
/// <param name="identity">Its <see cref="Storage.IStorage.Identity"/>.</param>
internal sealed class ForestImage(string path, string identity)
{
    /// <summary>Its full path.</summary>
    public string Path { get; internal set; } = path;

    /// <summary>Its <see cref="Storage.IStorage.Identity"/>.</summary>
    public string Identity { get; } = identity;

    /// <summary>Whether it was opened as an image. One that was not is only known to be below another.</summary>
    public bool IsKnown { get; internal set; }

    /// <summary>The size of its disk, in bytes.</summary>
    public long VirtualSize { get; internal set; }

    /// <summary>The <see cref="IDiskLayer.ContentId"/>.</summary>
    public Guid? ContentId { get; internal set; }

    /// <summary>The format's name; empty for an image that is not known.</summary>
    public string FormatName { get; internal set; } = string.Empty;

    /// <summary>What it says about the file below it; null if there is none.</summary>
    public BackingReference? Backing { get; internal set; }

    /// <summary>Where the file below it is or would be, as a full path; null if there is none or its name is not followed.</summary>
    public string? BackingPath { get; internal set; }

    /// <summary>The file below it; null if there is none, or it was not found.</summary>
    public ForestImage? Below { get; internal set; }

    /// <summary>What it is in the forest.</summary>
    public QedOverlayState State { get; internal set; }

    /// <summary>The images directly over it, in the order of their paths.</summary>
    public IReadOnlyList<ForestImage> Overlays => Above;

    /// <summary>The other files that its data is in, each once, as far as they are there.</summary>
    public IReadOnlyList<(string Identity, string Path)> DataFiles { get; internal set; } = [];

    internal List<ForestImage> Above { get; } = [];

    /// <summary>How many names lead to it from the nearest image in the folders; 0 for one that is in them.</summary>
    internal int NamesFollowed { get; init; }

    /// <summary>The walk that reached it first, for finding cycles; 0 for none yet.</summary>
    internal int Walk { get; set; }
}
