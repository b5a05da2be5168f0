namespace QedTools;

/// <summary>What a change of a backing file would do.</summary>
/// <param name="Image">The facts of the image as it is.</param>
/// <param name="MayReadDifferently">
/// Whether the disk may read differently afterwards: the image leaves a part of it to its backing file, the new one is another file, the present one is
/// still there, and the contents are not preserved.
/// </param>
public sealed record BackingFileChangePlan(QedImageInfo Image, bool MayReadDifferently);
