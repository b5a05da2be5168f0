namespace QedTools.Interchange.Qcow2.Format;

/// <summary>Where a compressed cluster is in the file ("Compressed Clusters Descriptor").</summary>
/// <param name="FileOffset">Where it begins, in bytes; not aligned.</param>
/// <param name="MaxBytes">The most bytes that it can have: up to the end of a sector. At least 1, less than two clusters.</param>
internal readonly record struct CompressedPlace(long FileOffset, int MaxBytes);
