namespace QedTools;

/// <summary>What making an image smaller would do.</summary>
public sealed record ImageOptimizationPlan
{
    /// <summary>The check of the image as it is.</summary>
    public required QedCheckResult Check { get; init; }

    /// <summary>How many data clusters are all zeroes and would no longer need data; null unless <see cref="ImageOptimizationOptions.PlansSize"/>.</summary>
    public long? ZeroedClusters { get; init; }

    /// <summary>How many data clusters hold the same data as the backing file and would be freed; null as above.</summary>
    public long? DroppedClusters { get; init; }

    /// <summary>The file's length, in bytes; null as above.</summary>
    public long? FileSizeBefore { get; init; }

    /// <summary>The length that it would have afterwards, in bytes; null as above.</summary>
    public long? FileSizeAfter { get; init; }
}
