namespace QedTools.Interchange.Qcow2.Format;

/// <summary>What an L2 entry says of a cluster.</summary>
internal enum ClusterKind
{
    /// <summary>The file has nothing: it is the backing file's, and zeroes without one.</summary>
    Unallocated,

    /// <summary>Zeroes, whether or not there is a place for it.</summary>
    Zero,

    /// <summary>Data in a cluster of the file.</summary>
    Data,

    /// <summary>Data that is compressed.</summary>
    Compressed,
}
