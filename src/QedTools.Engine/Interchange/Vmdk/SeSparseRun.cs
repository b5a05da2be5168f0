namespace QedTools.Interchange.Vmdk;

/// <summary>A stretch of a space-efficient sparse extent.</summary>
/// <param name="State">What it holds.</param>
/// <param name="Length">Its length, in bytes; at least 1.</param>
/// <param name="FileOffset">Where its data begins in the file, in bytes; 0 unless it is data.</param>
internal readonly record struct SeSparseRun(QedExtentState State, long Length, long FileOffset);
