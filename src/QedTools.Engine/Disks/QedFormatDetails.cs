using System.Collections.Generic;

namespace QedTools;

/// <summary>What a file of another format than QED says about itself. What its format does not have is null or empty.</summary>
public sealed record QedFormatDetails
{
    /// <summary>The kind of file within its format, in the format's own words: "dynamic", "fixed" or "differencing" for VHD, VHDX and VDI, the createType for VMDK.</summary>
    public string? Subformat { get; init; }

    /// <summary>The version of the format that the file is written in, such as "3" for qcow2.</summary>
    public string? Version { get; init; }

    /// <summary>The size of the sectors that the disk shows, in bytes: 512 or 4,096.</summary>
    public required int LogicalSectorSize { get; init; }

    /// <summary>
    /// What overlays know the file by: the DataWriteGuid of VHDX, the Unique ID of VHD, uuidCreate of VDI, the CID of VMDK. It changes with the contents in VHDX and VMDK.
    /// </summary>
    public string? Identifier { get; init; }

    /// <summary>The <see cref="Identifier"/> that the file below must have.</summary>
    public string? ParentIdentifier { get; init; }

    /// <summary>Whether the file has a log that was not written back and is replayed in memory (VHDX).</summary>
    public bool? IsLogReplayed { get; init; }

    /// <summary>The compression of compressed clusters or grains, in the format's own words: "deflate" or "zstd"; null where the format has none.</summary>
    public string? Compression { get; init; }

    /// <summary>The files that hold the disk's data, as stored: extents of VMDK, the external data file of qcow2.</summary>
    public IReadOnlyList<string> DataFiles { get; init; } = new ResultList<string>([]);

    /// <summary>The internal snapshots in the order of the file; the first 1,000 (qcow2).</summary>
    public IReadOnlyList<QedSnapshot> Snapshots { get; init; } = new ResultList<QedSnapshot>([]);

    /// <summary>How many internal snapshots there are.</summary>
    public int SnapshotCount { get; init; }

    /// <summary>Subformat and snapshots in one line.</summary>
    public override string ToString()
    {
        List<string> parts = [];
        if (Subformat is not null)
        {
            parts.Add(PrintableText.Of(Subformat));
        }

        if (Version is not null)
        {
            parts.Add($"version {Version}");
        }

        if (SnapshotCount > 0)
        {
            parts.Add(SnapshotCount == 1 ? "1 snapshot" : $"{SnapshotCount.ToString(System.Globalization.CultureInfo.InvariantCulture)} snapshots");
        }

        return string.Join(", ", parts);
    }
}
