using System;

namespace QedTools;

/// <summary>The features field of a QED header (QED specification, Header). An image with any other bit set is refused.</summary>
[Flags]
public enum QedFeatures : long
{
    /// <summary>No feature.</summary>
    None = 0,

    /// <summary>The image has a backing file.</summary>
    BackingFile = 0x01,

    /// <summary>The image was not closed cleanly: its tables must be checked before it is written to.</summary>
    NeedCheck = 0x02,

    /// <summary>The backing file is raw and must not be probed for another format.</summary>
    BackingFormatNoProbe = 0x04,

    /// <summary>
    /// Not part of the specification: a repair is being undone, or undoing it was interrupted, so tables may point to data that does not
    /// belong to them. As an unknown bit it keeps every program from reading such an image.
    /// </summary>
    RestoreInProgress = 1L << 62,
}
