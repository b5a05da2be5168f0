namespace QedTools.Qed.Format;

/// <summary>Why a table entry cannot be an offset of the file it is in.</summary>
internal enum EntryProblem
{
    /// <summary>It can.</summary>
    None = 0,

    /// <summary>One of the low 12 bits is set, which is not allowed in an offset.</summary>
    ReservedBits,

    /// <summary>It is not a multiple of the cluster size.</summary>
    Misaligned,

    /// <summary>It is inside the header clusters.</summary>
    InsideHeader,

    /// <summary>It is at or past the end of the file.</summary>
    OutsideFile,

    /// <summary>The cluster or table begins inside the file, and a sector or more of it is past the end: the part that is there can be read.</summary>
    CutShort,
}
