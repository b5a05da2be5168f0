using QedTools.Disks;

namespace QedTools.Qed.Format;

/// <summary>What a QED file says about itself.</summary>
/// <param name="Header">Its header.</param>
internal sealed record QedFacts(QedHeader Header) : FormatFacts(Details: null);
