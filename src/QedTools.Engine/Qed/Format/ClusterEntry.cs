namespace QedTools.Qed.Format;

/// <summary>One 64-bit entry of an L1 or L2 table, and what it means (QED specification, "Tables").</summary>
/// <param name="Value">The entry as stored.</param>
internal readonly record struct ClusterEntry(ulong Value)
{
    /// <summary>The L2 entry of a cluster that reads as zeroes without data stored for it.</summary>
    public const ulong ZeroValue = 1;

    /// <summary>No entry of any image may have one of these bits set: offsets are multiples of the smallest cluster size.</summary>
    private const ulong ReservedBits = QedGeometry.MinClusterSize - 1;

    /// <summary>Whether nothing is stored: an L2 entry then leaves the cluster to the backing file, an L1 entry has no table.</summary>
    public bool IsUnallocated => Value == 0;

    /// <summary>Whether an L2 entry says that the cluster reads as zeroes.</summary>
    public bool IsZero => Value == ZeroValue;

    /// <summary>The offset of the cluster or table in the file, in bytes; valid only if <see cref="ProblemIn"/> finds no problem, or that it is cut short.</summary>
    public long Offset => (long)Value;

    /// <summary>The problem, if any, that keeps the entry from being the offset of <paramref name="clusters"/> clusters in the file.</summary>
    /// <param name="layout">The file's addressable area.</param>
    /// <param name="clusters">1 for data, the table size for a table.</param>
    public EntryProblem ProblemIn(in ImageLayout layout, int clusters)
    {
        if ((Value & ReservedBits) != 0)
        {
            return EntryProblem.ReservedBits;
        }

        if (!layout.Geometry.IsClusterAligned(Value))
        {
            return EntryProblem.Misaligned;
        }

        if (Value < (ulong)layout.HeaderBytes)
        {
            return EntryProblem.InsideHeader;
        }

        if (Value >= (ulong)layout.FileLength)
        {
            return EntryProblem.OutsideFile;
        }

        return layout.MissingBytes(Offset, clusters) > 0 ? EntryProblem.CutShort : EntryProblem.None;
    }
}
