namespace QedTools;

/// <summary>The kinds of partition tables.</summary>
public enum QedPartitionTable
{
    /// <summary>No partition table that is known.</summary>
    None,

    /// <summary>The table in the first sector of BIOS disks, with logical partitions in an extended one (DOS, MBR).</summary>
    Mbr,

    /// <summary>The GUID partition table of UEFI.</summary>
    Gpt,
}
