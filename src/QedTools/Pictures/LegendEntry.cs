namespace QedTools.Pictures;

/// <summary>A line of a legend: one of the shares and how much of the range it is.</summary>
/// <param name="Share">One of <see cref="MapShare"/>.</param>
/// <param name="Label">What it is, for people; free of what would disturb a screen.</param>
/// <param name="Bytes">How much of the range it is, in bytes.</param>
/// <param name="Extents">In how many extents; null where there are none to count.</param>
internal sealed record LegendEntry(int Share, string Label, long Bytes, long? Extents);
