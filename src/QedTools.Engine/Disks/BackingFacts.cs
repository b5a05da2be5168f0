using System;

namespace QedTools.Disks;

/// <summary>What a new disk's backing file is, for formats that record more than its name.</summary>
/// <param name="Path">Its full path.</param>
/// <param name="FormatName">Its format's name.</param>
/// <param name="VirtualSize">The size of its disk, in bytes.</param>
/// <param name="SectorSize">The size of the sectors that its disk presents, in bytes.</param>
/// <param name="Modified">When it was last written to, in UTC; null if the host does not report it.</param>
/// <param name="FormatFacts">What only files of its format have.</param>
internal sealed record BackingFacts(
    string Path, string FormatName, long VirtualSize, int SectorSize, DateTime? Modified, FormatFacts? FormatFacts);
