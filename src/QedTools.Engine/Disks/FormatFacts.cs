namespace QedTools.Disks;

/// <summary>Facts about a file that only files of its format have.</summary>
internal abstract record FormatFacts;
