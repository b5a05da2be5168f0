namespace QedTools.Interchange.Vhd;

/// <summary>What a new differencing file records of its parent.</summary>
/// <param name="Facts">Which file it is.</param>
/// <param name="TimeStamp">When it was last written to (<see cref="VhdTime"/>).</param>
/// <param name="FileName">Its file's name, without a folder.</param>
/// <param name="Path">Where it is.</param>
internal sealed record VhdParent(VhdFacts Facts, uint TimeStamp, string FileName, ParentPath Path);
