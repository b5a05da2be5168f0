namespace QedTools;

/// <summary>A file of a chain, and the file that it is converted to.</summary>
/// <param name="Path">The source's full path.</param>
/// <param name="VirtualSize">The size of its disk, in bytes.</param>
/// <param name="DestinationPath">The result's full path.</param>
/// <param name="BackingFile">The name of the result's backing file, in the folder of the result; null for a base.</param>
public sealed record ChainConversionStep(string Path, long VirtualSize, string DestinationPath, string? BackingFile)
{
    /// <summary>The disk space that the result takes at most, in bytes.</summary>
    public long RequiredBytes { get; init; }

    /// <summary>The format of the source.</summary>
    internal QedDiskFormat SourceFormat { get; init; }

    /// <summary>Where the file below the source is; null for the one that it names.</summary>
    internal string? SourceBackingFile { get; init; }
}
