using System;
using QedTools.Disks;

namespace QedTools.Qed.Format;

/// <summary>Where clusters can be in a file of a given length.</summary>
/// <param name="Geometry">The cluster and table sizes.</param>
/// <param name="HeaderBytes">The header clusters' size, in bytes.</param>
/// <param name="FileLength">The file's length, in bytes.</param>
internal readonly record struct ImageLayout(QedGeometry Geometry, long HeaderBytes, long FileLength)
{
    /// <summary>How many clusters of the file, including those of the header, are whole or lack less than a sector.</summary>
    public long AddressableClusters => Geometry.WholeClusters(FileLength)
        + (Geometry.ClusterSize - Geometry.OffsetInCluster(FileLength) < Sector.Size ? 1 : 0);

    /// <summary>The end of the last of them, in bytes; saturates.</summary>
    public long AddressableBytes => Geometry.EndOf(AddressableClusters - 1);

    /// <summary>How many whole clusters of the file could be data or tables.</summary>
    public long UsableClusters => Geometry.WholeClusters(FileLength) - Geometry.WholeClusters(HeaderBytes);

    /// <summary>How many addressable clusters there are from an offset on.</summary>
    /// <param name="offset">Where the first of them begins, in bytes.</param>
    public long ClustersFrom(long offset) => AddressableClusters - Geometry.ClusterAt(offset);

    /// <summary>How many entries of a table that begins in the file are inside the file.</summary>
    /// <param name="tableOffset">Where the table begins, in bytes.</param>
    public long EntriesIn(long tableOffset) =>
        MissingBytes(tableOffset, Geometry.TableSize) == 0
            ? Geometry.EntriesPerTable
            : Math.Max(0, FileLength - tableOffset) / QedGeometry.EntrySize;

    /// <summary>
    /// How much of several clusters is past the end of the file, in bytes; 0 if less than a sector is: that reads as zeroes, because
    /// QEMU rounds lengths up to sectors.
    /// </summary>
    /// <param name="offset">Where the first of them begins: inside the file.</param>
    /// <param name="clusters">How many.</param>
    public long MissingBytes(long offset, int clusters)
    {
        long missing = Geometry.BytesOf(clusters) - (FileLength - offset);
        return missing < Sector.Size ? 0 : missing;
    }
}
