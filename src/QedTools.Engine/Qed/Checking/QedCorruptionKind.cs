namespace QedTools;

/// <summary>What is wrong with a table entry.</summary>
public enum QedCorruptionKind
{
    /// <summary>One of the low 12 bits is set, which is not allowed in an offset.</summary>
    ReservedBits,

    /// <summary>The offset is not a multiple of the cluster size.</summary>
    Misaligned,

    /// <summary>The offset is inside the header clusters.</summary>
    InsideHeader,

    /// <summary>The offset is at or past the end of the file.</summary>
    OutsideFile,

    /// <summary>
    /// A data cluster, an L2 table or the L1 table begins inside the file, and a sector or more of it is past the end. The part that
    /// is there can be read, and a repair keeps it.
    /// </summary>
    CutShort,

    /// <summary>A data cluster that another L2 entry already refers to.</summary>
    DataAndData,

    /// <summary>
    /// A data cluster that is part of the L1 table or of an L2 table; or, for an entry of the L1 table, an L2 table that is data of the
    /// disk and holds no sound entries.
    /// </summary>
    DataAndTable,

    /// <summary>An L2 table that shares clusters with the L1 table or with another L2 table.</summary>
    TableAndTable,

    /// <summary>Data for an offset at or past the end of the virtual disk, which would appear if the disk grew.</summary>
    BeyondVirtualSize,
}
