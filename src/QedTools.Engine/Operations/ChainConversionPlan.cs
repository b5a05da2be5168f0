using System.Collections.Generic;

namespace QedTools;

/// <summary>The files that the conversion of some chains would make, and the disk space that they need.</summary>
/// <param name="Steps">One step for each file, in the order in which they must be done.</param>
/// <param name="RequiredBytes">The disk space that all results take at most, in bytes.</param>
/// <param name="AvailableBytes">The disk space that is free where the results go, in bytes; null if the host does not report it.</param>
public sealed record ChainConversionPlan(IReadOnlyList<ChainConversionStep> Steps, long RequiredBytes, long? AvailableBytes);
