namespace QedTools.Qed.Metadata;

/// <summary>A stretch of an image whose clusters are all of one state and, for data, contiguous in the file.</summary>
/// <param name="State">What its table entries say.</param>
/// <param name="FileOffset">Where its first byte is in the file; 0 unless it is data.</param>
/// <param name="Length">Its length, in bytes.</param>
internal readonly record struct ClusterRun(QedExtentState State, long FileOffset, long Length);
