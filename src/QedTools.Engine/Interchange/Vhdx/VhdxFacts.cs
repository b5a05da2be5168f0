using System;
using QedTools.Disks;
using QedTools.Interchange.Vhdx.Format;

namespace QedTools.Interchange.Vhdx;

/// <summary>What a file that is created over a VHDX file takes from it.</summary>
/// <param name="Details">What a result shows of it.</param>
/// <param name="Geometry">The disk's sizes.</param>
/// <param name="DataWriteGuid">Identifies the disk's contents ([MS-VHDX], 2.2.2).</param>
/// <param name="VirtualDiskId">Identifies the disk (2.6.2.3); all zero if the file does not say.</param>
/// <param name="PhysicalSectorSize">The size of the sectors that the disk says its medium has, in bytes (2.6.2.5).</param>
internal sealed record VhdxFacts(
    QedFormatDetails Details, VhdxGeometry Geometry, Guid DataWriteGuid, Guid VirtualDiskId, uint PhysicalSectorSize) : FormatFacts(Details);
