using System.Diagnostics.CodeAnalysis;

namespace QedTools;

/// <summary>
/// An image among others: what it lies over, and what lies over it. <see cref="QedImageInfo.Depth"/> is how many steps it is from the image that was asked
/// about, 1 for those directly over it; in a listing of whole folders, how many files below it were found.
/// </summary>
/// <remarks><see cref="QedImageInfo.FormatDetails"/> is null here.</remarks>
public sealed record QedOverlayInfo : QedImageInfo
{
    [SetsRequiredMembers]
    internal QedOverlayInfo(QedImageInfo image)
        : base(image)
    {
    }

    /// <summary>What it is among the others.</summary>
    public QedOverlayState State { get; init; }

    /// <summary>How many images were found directly over it.</summary>
    public int OverlayCount { get; init; }
}
