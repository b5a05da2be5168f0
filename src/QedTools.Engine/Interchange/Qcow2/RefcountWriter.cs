using System;
using System.Buffers.Binary;
using QedTools.Interchange.Qcow2.Format;
using QedTools.Storage;

namespace QedTools.Interchange.Qcow2;

/// <summary>
/// Writes the refcounts of a new file ("Host cluster management"). All its clusters are in use, each of them once, so
/// they follow from the file's length alone, and are written when it is known: table and blocks at the end of the file.
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

        return tableClusters <= geometry.MaxRefcountTableClusters
            ? new RefcountWriter(end, tableClusters, blocks)
            : throw new QedLimitException(path, "ClusterSize", geometry.ClusterSize, $"larger clusters for a file of {end} bytes");
    }

    /// <summary>Writes them, and sets the file's new length.</summary>
    /// <exception cref="QedException">The file could not be written.</exception>
    public void Write(IStorage storage, in Qcow2Geometry geometry)
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

        for (int at = 0; at < piece.Length; at += sizeof(ushort))
        {
            BinaryPrimitives.WriteUInt16BigEndian(piece.AsSpan(at), 1);
        }

        long bytes = geometry.IndexOf(end) * sizeof(ushort);
        for (long done = 0; done < bytes;)
        {
            int length = (int)Math.Min(piece.Length, bytes - done);
            storage.Write(firstBlock + done, piece.AsSpan(0, length));
            done += length;
        }

        storage.SetLength(end);
    }
}
