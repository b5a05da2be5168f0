namespace QedTools.Pictures;

/// <summary>A line of a legend: one of the shares and its size.</summary>
/// <param name="Share">One of <see cref="MapShare"/>.</param>
/// <param name="Label">Its name for people; without characters that would disturb a screen.</param>
/// <param name="Bytes">Its size within the range, in bytes.</param>
/// <param name="Extents">The number of its extents; null if they cannot be counted.</param>
internal sealed record LegendEntry(int Share, string Label, long Bytes, long? Extents);
