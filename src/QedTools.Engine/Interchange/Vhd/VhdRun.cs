namespace QedTools.Interchange.Vhd;

/// <summary>A stretch of a disk inside one block that is stored in one place, or not at all.</summary>
/// <param name="Length">Its length, in bytes; at least 1.</param>
/// <param name="IsData">Whether the file holds it.</param>
/// <param name="FileOffset">Where in the file, in bytes; 0 if it does not.</param>
internal readonly record struct VhdRun(long Length, bool IsData, long FileOffset);
