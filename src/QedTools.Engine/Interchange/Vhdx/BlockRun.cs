namespace QedTools.Interchange.Vhdx;

/// <summary>A stretch of the disk of which one file says one thing.</summary>
/// <param name="Length">Its length, in bytes; at least 1.</param>
/// <param name="State">What the file holds of it; unallocated: the parent's, and zeroes without one.</param>
/// <param name="FileOffset">Where its data begins in the file, in bytes; 0 unless there is data.</param>
internal readonly record struct BlockRun(long Length, QedExtentState State, long FileOffset);
