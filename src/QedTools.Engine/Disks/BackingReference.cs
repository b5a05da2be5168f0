namespace QedTools.Disks;

/// <summary>What an image says about the file below it.</summary>
/// <param name="Name">The name as the image stores it.</param>
/// <param name="IsRaw">Whether the image says that the file is raw, so that nobody may probe it.</param>
internal readonly record struct BackingReference(string Name, bool IsRaw);
