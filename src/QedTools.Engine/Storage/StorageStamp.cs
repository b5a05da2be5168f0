namespace QedTools.Storage;

/// <summary>Changes when a file's contents do, as far as the host can tell.</summary>
/// <param name="Length">The file's length, in bytes.</param>
/// <param name="Modified">When it was last written to, in a host-specific unit; null if the host does not report it.</param>
internal readonly record struct StorageStamp(long Length, long? Modified);
