namespace QedTools;

/// <summary>What a repair did.</summary>
public enum QedRepairKind
{
    /// <summary>An L1 entry that led to no table was cleared: what it mapped reads as the backing file does, or as zeroes.</summary>
    TableEntryCleared,

    /// <summary>An L2 table that shared clusters with another table was copied, with a copy of all data it leads to.</summary>
    TableCopied,

    /// <summary>L2 entries that led nowhere were cleared: the clusters read as the backing file does, or as zeroes.</summary>
    EntriesCleared,

    /// <summary>L2 entries for clusters behind the end of the disk were cleared.</summary>
    EntriesBeyondEndCleared,

    /// <summary>Data that another table entry leads to as well was copied, so that each has its own.</summary>
    DataCopied,

    /// <summary>A cluster or a table that was cut short at the end of the file was made whole: what was there is kept, the rest is zeroes.</summary>
    CutShortPadded,

    /// <summary>Clusters that nothing referred to were given back to the host.</summary>
    LeaksRemoved,

    /// <summary>The mark of an image that was not closed cleanly was removed.</summary>
    NeedCheckCleared,
}
