namespace QedTools.Operations;

/// <summary>A stretch of a disk, read.</summary>
/// <param name="Offset">Where it begins, in bytes.</param>
/// <param name="Length">Its length, in bytes; without data it may be of any length.</param>
/// <param name="State">What it holds.</param>
/// <param name="Data">Its bytes, from the first on; null unless it holds data.</param>
internal readonly record struct DiskPiece(long Offset, long Length, QedExtentState State, byte[]? Data);
