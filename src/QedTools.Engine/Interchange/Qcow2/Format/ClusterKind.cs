namespace QedTools.Interchange.Qcow2.Format;

/// <summary>What an L2 entry says about a cluster.</summary>
internal enum ClusterKind
{
    /// <summary>The file has nothing: the cluster is the backing file's, or zeroes without one.</summary>
    Unallocated,

    /// <summary>Zeroes, whether or not the file has a place for it.</summary>
    Zero,

    /// <summary>Data in a cluster of the file.</summary>
    Data,

    /// <summary>Data that is compressed.</summary>
    Compressed,
}
