namespace QedTools.Qed.Format;

/// <summary>Where clusters can be in a file of a given length.</summary>
/// <param name="Geometry">The cluster and table sizes.</param>
/// <param name="HeaderBytes">The header clusters' size, in bytes.</param>
/// <param name="FileLength">The file's length, in bytes.</param>
internal readonly record struct ImageLayout(QedGeometry Geometry, long HeaderBytes, long FileLength)
{
    /// <summary>The end of the last whole cluster, in bytes: what follows is not addressable.</summary>
    public long AddressableBytes => Geometry.ClusterStart(FileLength);

    /// <summary>How many clusters of the file could be data or tables.</summary>
    public long UsableClusters => Geometry.WholeClusters(FileLength) - Geometry.WholeClusters(HeaderBytes);
}
