namespace QedTools;

/// <summary>How two disks are compared.</summary>
public sealed record DiskComparisonOptions : DiskReadingOptions
{
    /// <summary><see cref="DiskSourceOptions.SourceFormat"/> of the disk that it is compared with.</summary>
    public QedDiskFormat? ReferenceFormat { get; init; }

    /// <summary><see cref="DiskSourceOptions.SourceBackingFile"/> of the disk that it is compared with.</summary>
    public string? ReferenceBackingFile { get; init; }

    /// <summary><see cref="DiskReadingOptions.Snapshot"/> of the disk that it is compared with.</summary>
    public string? ReferenceSnapshot { get; init; }

    /// <summary>Whether disks of different sizes differ even if the rest of the longer one is zeroes.</summary>
    public bool Strict { get; init; }
}
