namespace QedTools;

/// <summary>How the facts of images are read.</summary>
public sealed record ImageInspectionOptions : DiskSourceOptions;
