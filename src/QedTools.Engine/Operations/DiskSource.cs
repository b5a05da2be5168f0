using QedTools.Chains;

namespace QedTools;

/// <summary>What can be told of a disk's file before it is read.</summary>
public static class DiskSource
{
    /// <summary>A warning about a file whose extension makes it raw while its contents look like another format; null if there is none.</summary>
    /// <param name="path">The file.</param>
    /// <remarks>
    /// The extension wins: the contents of a raw disk are up to whoever uses the disk, and must not choose how it is read.
    /// </remarks>
    /// <exception cref="QedException">The file cannot be opened or read.</exception>
    public static string? WarningFor(string path) => DiskFormats.OtherThanExtension(path) is { } format
        ? $"'{path}' is read as a raw disk because of its extension, but it begins like a {format} image. If it is one, give it that format's extension first."
        : null;
}
