using System;
using System.Buffers;
using System.IO;
using QedTools.Interchange.Qcow2.Compression;
using QedTools.Interchange.Qcow2.Format;
using QedTools.Storage;

namespace QedTools.Interchange.Qcow2;

/// <summary>
/// Reads compressed clusters. The last ones of which only a part was asked for are kept, so that whoever reads in small steps,
/// or on several threads, unpacks each once.
/// </summary>
/// <param name="storage">The file.</param>
/// <param name="clusterSize">A cluster's size, in bytes.</param>
/// <param name="compression">How they are packed; ends with this.</param>
internal sealed class CompressedClusters(IStorage storage, int clusterSize, IClusterCompression compression) : IDisposable
{
    // As many as threads read side by side: four clusters, of 2 MiB at the most.
    private const int Slots = 4;

    private readonly Slot[] _slots = [new(), new(), new(), new()];

    /// <summary>Reads a part of a cluster.</summary>
    /// <param name="cluster">Its number on the disk.</param>
    /// <param name="place">Where it is; inside the file.</param>
    /// <param name="within">Where in the cluster to begin, in bytes.</param>
    /// <param name="buffer">What to fill; reaches no further than the cluster.</param>
    /// <exception cref="QedDamagedFileException">The data does not unpack to a cluster.</exception>
    /// <exception cref="QedException">The file could not be read.</exception>
    public void Read(long cluster, in CompressedPlace place, int within, Span<byte> buffer)
    {
        if (buffer.Length == clusterSize)
        {
            Unpack(cluster, place, buffer);
            return;
        }

        Slot slot = _slots[cluster % Slots];
        lock (slot)
        {
            if (slot.Cluster != cluster)
            {
                slot.Cluster = null;
                slot.Data ??= new byte[clusterSize];
                Unpack(cluster, place, slot.Data);
                slot.Cluster = cluster;
            }

            slot.Data.AsSpan(within, buffer.Length).CopyTo(buffer);
        }
    }

    public void Dispose() => compression.Dispose();

    private void Unpack(long cluster, in CompressedPlace place, Span<byte> data)
    {
        byte[] rented = ArrayPool<byte>.Shared.Rent(place.MostBytes);
        try
        {
            storage.ReadExactly(place.FileOffset, rented.AsSpan(0, place.MostBytes));
            int done = compression.Unpack(rented, place.MostBytes, data);
            if (done < data.Length)
            {
                throw Damaged(cluster, place, $"the end of the compressed data after {done} bytes");
            }
        }
        catch (InvalidDataException)
        {
            throw Damaged(cluster, place, $"no {compression.DataName}");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private QedDamagedFileException Damaged(long cluster, in CompressedPlace place, string found) => Qcow2Damage.Of(
        storage.Path,
        FormattableString.Invariant($"the compressed cluster {cluster} at {place.FileOffset}"),
        found,
        FormattableString.Invariant($"{compression.DataName} of {clusterSize} bytes"));

    private sealed class Slot
    {
        public long? Cluster { get; set; }

        public byte[]? Data { get; set; }
    }
}
