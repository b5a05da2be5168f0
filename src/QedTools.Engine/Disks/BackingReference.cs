using System;
using System.Collections.Generic;

namespace QedTools.Disks;

/// <summary>What an image says about the file below it.</summary>
/// <param name="Name">The name as the image stores it.</param>
/// <param name="IsRaw">Whether the image says that the file is raw, so that nobody may probe it.</param>
internal readonly record struct BackingReference(string Name, bool IsRaw)
{
    /// <summary>The format that the image says the file has; null if it does not say or says raw.</summary>
    public QedDiskFormat? Format { get; init; }

    /// <summary>Where else the file may be, in the order in which to look if it is not at <see cref="Name"/>; null for nowhere.</summary>
    public IReadOnlyList<string>? OtherNames { get; init; }

    /// <summary>How large its disk must be at least, in bytes; 0 where the format lets it be smaller than the disk above it.</summary>
    public long MinVirtualSize { get; init; }

    /// <summary>What <see cref="IDiskLayer.ContentId"/> the file must have; null if any is fine.</summary>
    public Guid? ContentId { get; init; }

    /// <summary>Whether <see cref="Name"/> is no file's: the file is that of the image's folder which has <see cref="ContentId"/>.</summary>
    public bool IsByContentId { get; init; }

    /// <summary>What else it may have instead of <see cref="ContentId"/>; null for nothing.</summary>
    public Guid? OtherContentId { get; init; }

    /// <summary>A file that an image knows by its identity alone; its name is shown as the identity in braces.</summary>
    /// <param name="contentId">The <see cref="ContentId"/>.</param>
    /// <param name="format">The file's format.</param>
    public static BackingReference ByContentId(Guid contentId, QedDiskFormat format) =>
        new(contentId.ToString("B"), IsRaw: false) { ContentId = contentId, Format = format, IsByContentId = true };
}
