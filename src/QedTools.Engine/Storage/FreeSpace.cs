namespace QedTools.Storage;

/// <summary>The free space of a file system.</summary>
/// <param name="Device">Equal for two places exactly if they are on the same file system; null if the host does not report it.</param>
/// <param name="AvailableBytes">How much this user can still write there, in bytes, ignoring quotas that the host does not take into account.</param>
internal readonly record struct FreeSpace(string? Device, long AvailableBytes)
{
    /// <summary>Whether it is of a kind whose files can share blocks. Not each file system of such a kind does it.</summary>
    public bool MayShareBlocks { get; init; }
}
