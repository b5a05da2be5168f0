using System;
using QedTools.Disks;

namespace QedTools.Interchange.Vhd;

/// <summary>What a file that is created over a VHD file records of it.</summary>
/// <param name="Details">What a result shows of it.</param>
/// <param name="UniqueId">Identifies the file.</param>
internal sealed record VhdFacts(QedFormatDetails Details, Guid UniqueId) : FormatFacts(Details);
