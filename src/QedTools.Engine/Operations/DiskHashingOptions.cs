namespace QedTools;

/// <summary>How the hash of a disk is computed.</summary>
public sealed record DiskHashingOptions : DiskContentsOptions
{
    /// <summary>The smallest <see cref="BlockSize"/>, in bytes.</summary>
    public const int MinBlockSize = 512;

    /// <summary>The largest <see cref="BlockSize"/>, in bytes.</summary>
    public const int MaxBlockSize = 16 << 20;

    /// <summary>The <see cref="BlockSize"/> that blksum and nbdcopy use too, in bytes.</summary>
    public const int DefaultBlockSize = 64 << 10;

    /// <summary>The hash function.</summary>
    public QedHashAlgorithm Algorithm { get; init; }

    /// <summary>
    /// The blocks that are hashed each by itself, in bytes: a power of two from <see cref="MinBlockSize"/> to <see cref="MaxBlockSize"/>. Other
    /// blocks give other hashes.
    /// </summary>
    public long BlockSize { get; init; } = DefaultBlockSize;

    /// <summary>Whether to hash the disk as one sequence of bytes, which is slower: one processor does it, and zeroes take as long as data.</summary>
    public bool Plain { get; init; }
}
