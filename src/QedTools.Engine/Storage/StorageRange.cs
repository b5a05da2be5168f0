namespace QedTools.Storage;

/// <summary>A range of a file that is either a hole, which reads as zeroes and takes no space, or data.</summary>
/// <param name="Length">Its length, in bytes.</param>
/// <param name="IsHole">Whether it is a hole.</param>
internal readonly record struct StorageRange(long Length, bool IsHole);
