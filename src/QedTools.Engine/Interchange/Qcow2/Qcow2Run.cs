using QedTools.Interchange.Qcow2.Format;

namespace QedTools.Interchange.Qcow2;

/// <summary>A stretch of the disk of which the file says one thing.</summary>
/// <param name="Length">Its length, in bytes; at least 1.</param>
/// <param name="Kind">What the file says.</param>
/// <param name="FileOffset">Where its data begins in the file, in bytes; 0 unless it is <see cref="ClusterKind.Data"/>.</param>
internal readonly record struct Qcow2Run(long Length, ClusterKind Kind, long FileOffset);
