namespace QedTools;

/// <summary>How much smaller an image became.</summary>
public sealed record QedOptimizeResult
{
    /// <summary>The image.</summary>
    public required string Path { get; init; }

    /// <summary>The file's name without its folder.</summary>
    public string Name => System.IO.Path.GetFileName(Path);

    /// <summary>The file's length before, in bytes.</summary>
    public required long FileSizeBefore { get; init; }

    /// <summary>The file's length now, in bytes.</summary>
    public required long FileSizeAfter { get; init; }

    /// <summary>What the host had allocated for the file before, in bytes.</summary>
    public required long DiskUsageBefore { get; init; }

    /// <summary>What the host has allocated for the file now, in bytes.</summary>
    public required long DiskUsageAfter { get; init; }

    /// <summary>How many clusters of the file were not referenced before.</summary>
    public required long LeakedClusters { get; init; }

    /// <summary>How many data clusters were all zeroes and no longer need data.</summary>
    public required long ZeroedClusters { get; init; }

    /// <summary>How many data clusters held the same data as the backing file, and were freed.</summary>
    public required long DroppedClusters { get; init; }

    /// <summary>The path.</summary>
    public override string ToString() => Path;
}
