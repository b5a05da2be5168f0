namespace QedTools.Qed.Format;

/// <summary>Why a table entry cannot be an offset of the file it is in.</summary>
internal enum EntryProblem
{
    /// <summary>It can.</summary>
    None = 0,

    /// <summary>One of the low 12 bits is set, which no offset may have.</summary>
    ReservedBits,

    /// <summary>It is no multiple of the cluster size.</summary>
    Misaligned,

    /// <summary>It lies inside the header clusters.</summary>
    InsideHeader,

    /// <summary>It lies at or behind the end of the file.</summary>
    OutsideFile,

    /// <summary>The cluster or table begins inside the file, and a sector or more of it lies behind the end: what is there can be read.</summary>
    CutShort,
}
