using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using QedTools.Interchange.Qcow2.Format;
using QedTools.Storage;

namespace QedTools.Interchange.Qcow2;

/// <summary>
/// Writes the refcounts of a new file ("Host cluster management"). Each of its clusters is in use once, unless it holds several
/// compressed ones. So the refcounts follow from the file's length and the places of those, and are written when all that is known:
/// table and blocks at the end of the file.
/// </summary>
/// <param name="Offset">Where the refcount table is, in bytes.</param>
/// <param name="TableClusters">Its size, in clusters.</param>
/// <param name="Blocks">How many refcount blocks follow it.</param>
internal readonly record struct RefcountWriter(long Offset, long TableClusters, long Blocks)
{
    private const int PieceBytes = 64 << 10;

    /// <summary>The refcounts that a file needs, including those of their own clusters.</summary>
    /// <param name="path">The file.</param>
    /// <param name="geometry">Its sizes.</param>
    /// <param name="end">Where it ends without them, in bytes.</param>
    /// <exception cref="QedLimitException">The file is too long for clusters of that size.</exception>
    public static RefcountWriter For(string path, in Qcow2Geometry geometry, long end)
    {
        RefcountWriter writer = For(geometry, end);
        return writer.TableClusters <= geometry.MaxRefcountTableClusters
            ? writer
            : throw new QedLimitException(path, "ClusterSize", geometry.ClusterSize, $"larger clusters for a file of {end} bytes");
    }

    /// <summary>Where a file ends with its refcounts, in bytes.</summary>
    /// <param name="geometry">Its sizes.</param>
    /// <param name="end">Where it ends without them, in bytes.</param>
    public static long EndFor(in Qcow2Geometry geometry, long end)
    {
        RefcountWriter writer = For(geometry, end);
        return end + geometry.StartOf(writer.TableClusters + writer.Blocks);
    }

    private static RefcountWriter For(in Qcow2Geometry geometry, long end)
    {
        long clusters = geometry.IndexOf(end);
        long blocks = 0;
        long tableClusters = 0;
        while (true)
        {
            long neededBlocks = ((clusters + tableClusters + blocks - 1) / geometry.RefcountsPerBlock) + 1;
            long neededTable = geometry.ClustersCovering(neededBlocks * Qcow2Geometry.EntryBytes);
            if (neededBlocks == blocks && neededTable == tableClusters)
            {
                break;
            }

            (blocks, tableClusters) = (neededBlocks, neededTable);
        }

        return new RefcountWriter(end, tableClusters, blocks);
    }

    /// <summary>Writes them, and sets the file's new length.</summary>
    /// <param name="storage">The file.</param>
    /// <param name="geometry">Its sizes.</param>
    /// <param name="compressed">Where the data of its compressed clusters is, in the order of the file.</param>
    /// <exception cref="QedException">The file could not be written.</exception>
    public void Write(IStorage storage, in Qcow2Geometry geometry, IEnumerable<CompressedPlace> compressed)
    {
        byte[] piece = new byte[PieceBytes];
        long firstBlock = Offset + geometry.StartOf(TableClusters);
        long end = firstBlock + geometry.StartOf(Blocks);
        for (long done = 0; done < Blocks;)
        {
            int count = (int)Math.Min(PieceBytes / Qcow2Geometry.EntryBytes, Blocks - done);
            for (int i = 0; i < count; i++)
            {
                BinaryPrimitives.WriteUInt64BigEndian(piece.AsSpan(i * Qcow2Geometry.EntryBytes), (ulong)(firstBlock + geometry.StartOf(done + i)));
            }

            storage.Write(Offset + (done * Qcow2Geometry.EntryBytes), piece.AsSpan(0, count * Qcow2Geometry.EntryBytes));
            done += count;
        }

        WriteCounts(storage, firstBlock, geometry.IndexOf(end), piece, CountReferences(compressed, geometry));
        storage.SetLength(end);
    }

    private static void WriteCounts(
        IStorage storage, long offset, long clusters, byte[] piece, IEnumerable<(long Cluster, ushort References)> shared)
    {
        using IEnumerator<(long Cluster, ushort References)> next = shared.GetEnumerator();
        bool isMore = next.MoveNext();
        for (long done = 0; done < clusters;)
        {
            int count = (int)Math.Min(piece.Length / sizeof(ushort), clusters - done);
            for (int i = 0; i < count; i++)
            {
                BinaryPrimitives.WriteUInt16BigEndian(piece.AsSpan(i * sizeof(ushort)), 1);
            }

            for (; isMore && next.Current.Cluster < done + count; isMore = next.MoveNext())
            {
                BinaryPrimitives.WriteUInt16BigEndian(piece.AsSpan((int)(next.Current.Cluster - done) * sizeof(ushort)), next.Current.References);
            }

            storage.Write(offset + (done * sizeof(ushort)), piece.AsSpan(0, count * sizeof(ushort)));
            done += count;
        }
    }

    // How many compressed clusters refer to each cluster of the file that holds some. Even the smallest ones are too large for more than
    // 16 bits can count.
    private static IEnumerable<(long Cluster, ushort References)> CountReferences(IEnumerable<CompressedPlace> compressed, Qcow2Geometry geometry)
    {
        long cluster = 0;
        ushort references = 0;
        foreach (CompressedPlace place in compressed)
        {
            long last = geometry.IndexOf(place.FileOffset + place.MaxBytes - 1);
            for (long at = geometry.IndexOf(place.FileOffset); at <= last; at++)
            {
                if (at != cluster)
                {
                    if (references > 0)
                    {
                        yield return (cluster, references);
                    }

                    cluster = at;
                    references = 0;
                }

                references = checked((ushort)(references + 1));
            }
        }

        if (references > 0)
        {
            yield return (cluster, references);
        }
    }
}
