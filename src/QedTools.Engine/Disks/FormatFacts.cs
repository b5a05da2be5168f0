namespace QedTools.Disks;

/// <summary>What a file tells of itself that only files of its format have.</summary>
internal abstract record FormatFacts;
