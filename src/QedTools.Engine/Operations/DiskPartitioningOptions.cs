namespace QedTools;

/// <summary>How the partitions of a disk are found.</summary>
public sealed record DiskPartitioningOptions : DiskReadingOptions;
