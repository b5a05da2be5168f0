namespace QedTools;

/// <summary>Whether two disks read the same.</summary>
public sealed record QedComparison
{
    /// <summary>One disk's file.</summary>
    public required string Path { get; init; }

    /// <summary>The file's name without its folder.</summary>
    public string Name => System.IO.Path.GetFileName(Path);

    /// <summary>The other disk's file.</summary>
    public required string ReferencePath { get; init; }

    /// <summary>The number of the partition of the one disk that was compared; null for the disk as a whole.</summary>
    public int? Partition { get; init; }

    /// <summary>The number of the partition of the other disk that was compared; null for the disk as a whole.</summary>
    public int? ReferencePartition { get; init; }

    /// <summary>The verdict.</summary>
    public required bool AreEqual { get; init; }

    /// <summary>The offset on the disks of the first byte that differs, in bytes; null if none does.</summary>
    public required long? FirstDifference { get; init; }

    /// <summary>How many bytes differ. Beyond its end a disk counts as zeroes.</summary>
    public required long DifferingBytes { get; init; }

    /// <summary>One disk's size, in bytes.</summary>
    public required long VirtualSize { get; init; }

    /// <summary>The other disk's size, in bytes.</summary>
    public required long ReferenceVirtualSize { get; init; }

    /// <summary>The verdict in words.</summary>
    public override string ToString() => AreEqual ? $"{Path} equals {ReferencePath}" : $"{Path} differs from {ReferencePath}";
}
