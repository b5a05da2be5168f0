using System.Collections.Generic;
using System.Linq;

namespace QedTools.Pictures;

/// <summary>The texts that pictures of images over each other share.</summary>
internal static class ForestText
{
    /// <summary>All characters of the tree that are not ASCII, to test whether an encoding has them.</summary>
    public const string NonAscii = "├─│└";

    /// <summary>How many images there are, and how many of them need attention.</summary>
    public static string Facts(ForestSubject subject)
    {
        List<string> parts = [Images(subject.Images.Count) + (subject.IsImage ? " over it" : string.Empty)];
        Add(QedOverlayState.Standalone, "standalone");
        Add(QedOverlayState.Orphan, "without the backing file");
        Add(QedOverlayState.NotFollowed, "with a name that is not followed");
        Add(QedOverlayState.Mismatch, "over another disk than before");
        Add(QedOverlayState.Unreadable, "over a file that cannot be read");
        Add(QedOverlayState.Cycle, "in a cycle");
        Add(QedOverlayState.Broken, "broken further down");
        return string.Join(", ", parts);

        void Add(QedOverlayState state, string text)
        {
            if (subject.Images.Count(image => image.State == state) is > 0 and var count)
            {
                parts.Add($"{MapText.Count(count)} {text}");
            }
        }
    }

    /// <summary>What is special about an image; empty for most. It contains names as they are stored.</summary>
    public static string Note(QedOverlayInfo? image) => image?.State switch
    {
        null => "not among the images that were found",
        QedOverlayState.Standalone => "standalone",
        QedOverlayState.Orphan => $"orphan: {image.BackingFile} is missing",
        QedOverlayState.NotFollowed => $"not followed: {image.BackingFile}",
        QedOverlayState.Mismatch => $"{image.BackingFile} is not the disk that it was made over",
        QedOverlayState.Unreadable => $"{image.BackingFile} cannot be read",
        QedOverlayState.Cycle => $"cycle: over {image.BackingFile}",
        QedOverlayState.Broken => "broken further down",
        _ => string.Empty,
    };

    /// <summary>Whether something is wrong with what is below an image.</summary>
    public static bool IsBroken(QedOverlayInfo? image) =>
        image?.State is not (null or QedOverlayState.Standalone or QedOverlayState.Base or QedOverlayState.Overlay);

    private static string Images(int count) => count == 1 ? "1 image" : $"{MapText.Count(count)} images";
}
