using System.Collections.Generic;

namespace QedTools;

/// <summary>The result of a full consistency check of an image. Counts are exact; details are kept for the first 1,000 faults.</summary>
public sealed record QedCheckResult
{
    /// <summary>The image.</summary>
    public required string Path { get; init; }

    /// <summary>The file's name without its folder.</summary>
    public string Name => System.IO.Path.GetFileName(Path);

    /// <summary>The verdict: corrupt if anything but leaks was found.</summary>
    public required QedCheckStatus Status { get; init; }

    /// <summary>Whether the image was not closed cleanly (the header's need-check bit). That alone is not damage.</summary>
    public required bool NeedsCheck { get; init; }

    /// <summary>The virtual size in clusters, rounded up.</summary>
    public required long TotalClusters { get; init; }

    /// <summary>How many clusters of the disk have data stored in the file.</summary>
    public required long AllocatedClusters { get; init; }

    /// <summary>How many clusters of the disk are marked as zeroes.</summary>
    public required long ZeroClusters { get; init; }

    /// <summary>How many data clusters do not directly follow the previous data cluster of the same L2 table in the file.</summary>
    public required long FragmentedClusters { get; init; }

    /// <summary>How many clusters of the file nothing refers to.</summary>
    public required long LeakedClusters { get; init; }

    /// <summary>The same, in bytes.</summary>
    public required long LeakedBytes { get; init; }

    /// <summary>
    /// By how many bytes the file becomes shorter if it is packed: what nothing refers to, at its end or anywhere else, and L2 tables that map nothing. Null if it is corrupt,
    /// because it has to be repaired first. Data that is all zeroes is not in it: a check does not read data.
    /// </summary>
    public required long? ReclaimableBytes { get; init; }

    /// <summary>How many table entries are wrong.</summary>
    public required long CorruptionCount { get; init; }

    /// <summary>The wrong entries, those of the L1 table first; at most 1,000.</summary>
    public required IReadOnlyList<QedCorruption> Corruptions { get; init; }

    /// <summary>The end of the last cluster that is in use, in bytes from the start of the file.</summary>
    public required long ImageEndOffset { get; init; }

    /// <summary>The verdict and the path.</summary>
    public override string ToString() => $"{Status}: {Path}";
}
