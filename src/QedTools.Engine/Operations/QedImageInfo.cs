using System.Collections.Generic;

namespace QedTools;

/// <summary>The facts of an image, from its header and its file. What only QED has is null for other formats, which have <see cref="FormatDetails"/> instead.</summary>
public record QedImageInfo
{
    /// <summary>The file's full path.</summary>
    public required string Path { get; init; }

    /// <summary>The file's name without its folder.</summary>
    public string Name => System.IO.Path.GetFileName(Path);

    /// <summary>The file's format, such as "QED" or "qcow2".</summary>
    public required string Format { get; init; }

    /// <summary>The disk's size, in bytes.</summary>
    public required long VirtualSize { get; init; }

    /// <summary>The file's length, in bytes; of a disk in several files, that of all of them that can be opened.</summary>
    public required long FileSize { get; init; }

    /// <summary>What the host has allocated for the file, in bytes; of a disk in several files, for all of them that can be opened.</summary>
    public required long DiskUsage { get; init; }

    /// <summary>The unit in which the file is allocated, in bytes: a cluster, block or grain; null where there is none, as in raw and fixed files.</summary>
    public int? ClusterSize { get; init; }

    /// <summary>A table's size, in clusters; null unless QED.</summary>
    public int? TableSize { get; init; }

    /// <summary>The header's size, in clusters; null unless QED.</summary>
    public long? HeaderSize { get; init; }

    /// <summary>The features that a program must know to open the image; null unless QED.</summary>
    public QedFeatures? Features { get; init; }

    /// <summary>Feature bits that a program may ignore; null unless QED.</summary>
    public ulong? CompatFeatures { get; init; }

    /// <summary>Feature bits that a program clears before it changes the image; null unless QED.</summary>
    public ulong? AutoclearFeatures { get; init; }

    /// <summary>Where the L1 table is in the file, in bytes; null unless QED.</summary>
    public long? L1TableOffset { get; init; }

    /// <summary>The largest size the disk could grow to, in bytes; null unless QED.</summary>
    public long? MaxVirtualSize { get; init; }

    /// <summary>The backing file's name as stored; null without one.</summary>
    public string? BackingFile { get; init; }

    /// <summary>What is recorded about the backing file's format; null without a backing file.</summary>
    public QedBackingFormat? BackingFormat { get; init; }

    /// <summary>The full path that the backing file's name leads to; null without one, or if the name is not followed.</summary>
    public string? BackingFilePath { get; init; }

    /// <summary>Whether the image was not closed cleanly; false for other formats.</summary>
    public required bool NeedsCheck { get; init; }

    /// <summary>Whether another process has the image open so that it cannot be changed now.</summary>
    public required bool InUse { get; init; }

    /// <summary>0 for the image itself, 1 for its backing file, and so on; of a <see cref="QedOverlayInfo"/>, how far above it is.</summary>
    public required int Depth { get; init; }

    /// <summary>What only the file's own format has; null for QED, whose facts are properties here, and for raw.</summary>
    public QedFormatDetails? FormatDetails { get; init; }

    /// <summary>
    /// What could not be read of the source of a conversion that salvages, and is zeroes here: in order, at most the first 10,000 ranges. Null unless
    /// the image is the result of such a conversion.
    /// </summary>
    public IReadOnlyList<QedRange>? LostRanges { get; init; }

    /// <summary>How many bytes of the disk all <see cref="LostRanges"/> have, those that are not listed included; null where that is null.</summary>
    public long? LostBytes { get; init; }

    /// <summary>
    /// The hash of the disk's contents, as <see cref="DiskHashing"/> computes it with the default options. Null unless the image is the result of a
    /// conversion that was verified, and for disks of more than 16 TiB, whose zeroes would take too long.
    /// </summary>
    public string? Hash { get; init; }

    /// <summary>The path.</summary>
    public sealed override string ToString() => Path;
}
