namespace QedTools;

/// <summary>The hash of a disk's contents. It is the same for the same disk in every format, however it is allocated and in however many layers.</summary>
public sealed record QedImageHash
{
    /// <summary>The image's file.</summary>
    public required string Path { get; init; }

    /// <summary>The file's name without its folder.</summary>
    public string Name => System.IO.Path.GetFileName(Path);

    /// <summary>The number of the partition that was hashed; null for the disk as a whole.</summary>
    public int? Partition { get; init; }

    /// <summary>The hash function.</summary>
    public required QedHashAlgorithm Algorithm { get; init; }

    /// <summary>The size of the blocks that were hashed each by itself, in bytes; null if the disk was hashed as one sequence of bytes.</summary>
    public required int? BlockSizeBytes { get; init; }

    /// <summary>The hash in hexadecimal digits, with capital letters as Get-FileHash writes them.</summary>
    public required string Hash { get; init; }

    /// <summary>The size of the disk or of the partition, in bytes.</summary>
    public required long VirtualSize { get; init; }

    /// <summary>The hash.</summary>
    public override string ToString() => Hash;
}
