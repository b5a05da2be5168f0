namespace QedTools.Disks;

/// <summary>What only files of one format have.</summary>
/// <param name="Details">What a result shows of it; null where the format's facts have properties of their own.</param>
internal record FormatFacts(QedFormatDetails? Details);
