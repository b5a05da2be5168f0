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

    /// <summary>It lies at or behind the last whole cluster's end.</summary>
    OutsideFile,

    /// <summary>The table begins inside the file and ends outside.</summary>
    DoesNotFit,
}
