namespace QedTools;

/// <summary>What a conversion would make, and the disk space that it needs.</summary>
/// <param name="VirtualSize">The size of the disk in the result, in bytes.</param>
/// <param name="RequiredBytes">The disk space that the result takes at most, in bytes; null if it was not counted, as the whole disk would fit.</param>
/// <param name="AvailableBytes">The disk space that is free where the result goes, in bytes; null if the host does not report it.</param>
public sealed record DiskConversionPlan(long VirtualSize, long? RequiredBytes, long? AvailableBytes)
{
    /// <summary>The length of the existing file or block device that would be overwritten, in bytes; null if a new file would be made.</summary>
    public long? OverwrittenBytes { get; init; }

    /// <summary>Whether a block device would be overwritten.</summary>
    public bool OverwritesDevice { get; init; }
}
