using System;
using System.Collections.Generic;

namespace QedTools.Disks;

/// <summary>What an image says about the file below it.</summary>
/// <param name="Name">The name as the image stores it.</param>
/// <param name="IsRaw">Whether the image says that the file is raw, so that it must not be probed.</param>
internal readonly record struct BackingReference(string Name, bool IsRaw)
{
    /// <summary>The format that the image says the file has; null if it does not say or says raw.</summary>
    public QedDiskFormat? Format { get; init; }

    /// <summary>Where else the file may be, in the order in which to look if it is not at <see cref="Name"/>; null for nowhere.</summary>
    public IReadOnlyList<string>? OtherNames { get; init; }

    /// <summary>The minimum size of its disk, in bytes; 0 if the format allows it to be smaller than the disk above it.</summary>
    public long MinVirtualSize { get; init; }

    /// <summary>The <see cref="IDiskLayer.ContentId"/> that the file must have; null if any will do.</summary>
    public Guid? ContentId { get; init; }

    /// <summary>Whether <see cref="Name"/> is not a file name: the file is the one in the image's folder that has <see cref="ContentId"/>.</summary>
    public bool IsByContentId { get; init; }

    /// <summary>An identifier that is accepted instead of <see cref="ContentId"/>; null for none.</summary>
    public Guid? OtherContentId { get; init; }

    /// <summary>Whether the file may be one with a given <see cref="IDiskLayer.ContentId"/>.</summary>
    /// <param name="found">The file's; null if it has none.</param>
    public bool Accepts(Guid? found) => ContentId is not { } expected || (found is { } id && (id == expected || id == OtherContentId));

    /// <summary>A file that an image identifies by its content identifier alone; its name is shown as the identity in braces.</summary>
    /// <param name="contentId">The <see cref="ContentId"/>.</param>
    /// <param name="format">The file's format.</param>
    public static BackingReference ByContentId(Guid contentId, QedDiskFormat format) =>
        new(contentId.ToString("B"), IsRaw: false) { ContentId = contentId, Format = format, IsByContentId = true };
}
