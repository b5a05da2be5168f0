namespace QedTools.Storage;

/// <summary>What a file system can still take.</summary>
/// <param name="Device">Equal for two places exactly if they are on the same file system; null where the host cannot tell.</param>
/// <param name="AvailableBytes">How much this user can still write there, in bytes, apart from quotas that the host does not count in.</param>
internal readonly record struct StorageRoom(string? Device, long AvailableBytes);
