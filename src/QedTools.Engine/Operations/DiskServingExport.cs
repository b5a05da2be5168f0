namespace QedTools;

/// <summary>A disk that is to be served.</summary>
/// <param name="Name">The name that clients choose it by.</param>
/// <param name="Path">The image.</param>
public readonly record struct DiskServingExport(string Name, string Path)
{
    /// <summary>The number of the partition to serve, as <see cref="DiskContentsOptions.Partition"/>; null for that of the options.</summary>
    public int? Partition { get; init; }
}
