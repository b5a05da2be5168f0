namespace QedTools;

/// <summary>What an image is among others: whether it has a backing file and the file is there, and whether others lie over it.</summary>
public enum QedOverlayState
{
    /// <summary>It has no backing file, and no image was found over it: an ordinary disk, or a base that no longer has overlays.</summary>
    Standalone,

    /// <summary>It has no backing file, and others lie over it.</summary>
    Base,

    /// <summary>It has a backing file, and all files below it are there.</summary>
    Overlay,

    /// <summary>Its backing file is not there.</summary>
    Orphan,

    /// <summary>The name of its backing file is not followed: a protocol, another network share, a folder that is not allowed, or an identifier that several files have.</summary>
    NotFollowed,

    /// <summary>Where its backing file should be there is another disk, or the disk has been changed since or is too small. It cannot be read.</summary>
    Mismatch,

    /// <summary>Its backing file is there but is not an image that can be read.</summary>
    Unreadable,

    /// <summary>Its backing files lead back to itself. It cannot be read.</summary>
    Cycle,

    /// <summary>Its backing file is there, but one further down the chain has one of the states from <see cref="Orphan"/> on.</summary>
    Broken,
}
