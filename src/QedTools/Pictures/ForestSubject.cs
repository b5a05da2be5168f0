using System;
using System.Collections.Generic;
using System.Linq;

namespace QedTools.Pictures;

/// <summary>The subject of a picture of images that lie over each other: what is drawn, whatever the picture is drawn on.</summary>
internal sealed class ForestSubject
{
    /// <param name="path">The folder or the image that was asked about.</param>
    /// <param name="folder">The folder that names are relative to.</param>
    /// <param name="images">The images in the order of the tree.</param>
    /// <param name="image">The image that was asked about, below all of them; null for a folder.</param>
    public ForestSubject(string path, string folder, IReadOnlyList<QedOverlayInfo> images, Start? image)
    {
        Path = path;
        Images = images;
        IsImage = image is not null;
        string prefix = folder.TrimEnd(System.IO.Path.DirectorySeparatorChar, System.IO.Path.AltDirectorySeparatorChar) + System.IO.Path.DirectorySeparatorChar;
        List<ForestRow> rows = [];
        if (image is { } start)
        {
            rows.Add(new ForestRow(NameOf(start.Path), start.Info, Depth: 0));
        }

        rows.AddRange(images.Select(one => new ForestRow(NameOf(one.Path), one, one.Depth)));
        FindLast(rows);
        Rows = rows;

        string NameOf(string file) => file.StartsWith(prefix, StringComparison.Ordinal) ? file.Substring(prefix.Length) : file;
    }

    /// <summary>The folder or the image that was asked about.</summary>
    public string Path { get; }

    /// <summary>Whether an image was asked about, not a folder.</summary>
    public bool IsImage { get; }

    /// <summary>The images that were found.</summary>
    public IReadOnlyList<QedOverlayInfo> Images { get; }

    /// <summary>The rows of the picture, each after the one that it lies over.</summary>
    public IReadOnlyList<ForestRow> Rows { get; }

    // From the bottom up: a row is the last over its image if no other follows before a row that is nearer to the base.
    private static void FindLast(List<ForestRow> rows)
    {
        List<bool> follows = [];
        for (int i = rows.Count - 1; i >= 0; i--)
        {
            int depth = rows[i].Depth;
            while (follows.Count <= depth)
            {
                follows.Add(false);
            }

            follows.RemoveRange(depth + 1, follows.Count - depth - 1);
            rows[i] = rows[i] with { IsLast = !follows[depth] };
            follows[depth] = true;
        }
    }

    /// <summary>The image that was asked about.</summary>
    /// <param name="Path">Its path.</param>
    /// <param name="Info">Its facts; null if they are not known.</param>
    public readonly record struct Start(string Path, QedOverlayInfo? Info);
}
