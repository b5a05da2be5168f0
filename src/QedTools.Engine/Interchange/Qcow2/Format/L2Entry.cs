using System;

namespace QedTools.Interchange.Qcow2.Format;

/// <summary>An entry of an L2 table: 64 bits for the cluster and, where there are subclusters, 64 more for those ("Extended L2 Entries").</summary>
/// <param name="Cluster">What it says about the cluster.</param>
/// <param name="Bitmap">A bit for each subcluster that is allocated, then one for each that is zeroes; 0 where there are no subclusters.</param>
/// <param name="HasSubclusters">Whether there are subclusters.</param>
internal readonly record struct L2Entry(TableEntry Cluster, ulong Bitmap, bool HasSubclusters)
{
    private const int ZeroBits = 32;

    /// <summary>The bits of subclusters that are allocated; meaningless if the cluster is compressed.</summary>
    public uint Allocated => (uint)Bitmap;

    /// <summary>The bits of subclusters that are zeroes; meaningless if the cluster is compressed.</summary>
    public uint Zero => (uint)(Bitmap >> ZeroBits);

    /// <summary>An entry as it is in a table.</summary>
    /// <param name="words">One word, or two where there are subclusters.</param>
    /// <param name="hasSubclusters">Whether there are.</param>
    public static L2Entry Of(ReadOnlySpan<ulong> words, bool hasSubclusters) =>
        new(new TableEntry(words[0]), hasSubclusters ? words[1] : 0, hasSubclusters);

    /// <summary>What it says about a subcluster, or about the cluster where there are none.</summary>
    /// <param name="subcluster">0 to 31.</param>
    /// <param name="hasDataFile">Whether the data is in another file.</param>
    public ClusterKind KindOf(int subcluster, bool hasDataFile)
    {
        if (Cluster.IsCompressed)
        {
            return ClusterKind.Compressed;
        }

        if (HasSubclusters)
        {
            return ((Zero >> subcluster) & 1) != 0 ? ClusterKind.Zero
                : ((Allocated >> subcluster) & 1) != 0 ? ClusterKind.Data
                : ClusterKind.Unallocated;
        }

        return Cluster.IsZero ? ClusterKind.Zero : Cluster.HasPlace(hasDataFile) ? ClusterKind.Data : ClusterKind.Unallocated;
    }

    /// <summary>How many subclusters from a given one on are of its kind; 32 where the cluster is of one kind.</summary>
    /// <param name="subcluster">0 to 31.</param>
    /// <returns>At least 1; may reach beyond the cluster.</returns>
    public int CountAlike(int subcluster)
    {
        if (!HasSubclusters || Cluster.IsCompressed)
        {
            return Qcow2Geometry.SubclustersPerCluster;
        }

        // Bits that differ from the one before them.
        uint changes = (Allocated ^ (Allocated << 1)) | (Zero ^ (Zero << 1));
        int count = 1;
        while (subcluster + count < Qcow2Geometry.SubclustersPerCluster && ((changes >> (subcluster + count)) & 1) == 0)
        {
            count++;
        }

        return count;
    }

    /// <summary>Where in the cluster the last allocated subcluster ends, in subclusters; 0 if none is.</summary>
    public int EndOfAllocated
    {
        get
        {
            int end = Qcow2Geometry.SubclustersPerCluster;
            while (end > 0 && ((Allocated >> (end - 1)) & 1) == 0)
            {
                end--;
            }

            return end;
        }
    }
}
