namespace QedTools;

/// <summary>What a repair did.</summary>
public enum QedRepairKind
{
    /// <summary>An L1 entry that pointed to no table was cleared: what it mapped reads from the backing file, or as zeroes.</summary>
    TableEntryCleared,

    /// <summary>An L2 table that shared clusters with another table was copied, together with all data it points to.</summary>
    TableCopied,

    /// <summary>L2 entries that pointed nowhere were cleared: the clusters read from the backing file, or as zeroes.</summary>
    EntriesCleared,

    /// <summary>L2 entries for clusters past the end of the disk were cleared.</summary>
    EntriesBeyondEndCleared,

    /// <summary>Data that another table entry also points to was copied, so that each entry has its own.</summary>
    DataCopied,

    /// <summary>A cluster or a table that was cut short at the end of the file was padded to its full size: what was there is kept, the rest is zeroes.</summary>
    CutShortPadded,

    /// <summary>Clusters that nothing referred to were freed, and the file was shortened.</summary>
    LeaksRemoved,

    /// <summary>The need-check bit, which marks an image that was not closed cleanly, was cleared.</summary>
    NeedCheckCleared,
}
