using System;
using System.Buffers;
using System.IO;
using QedTools.Interchange.Qcow2.Compression;
using QedTools.Interchange.Qcow2.Format;
using QedTools.Storage;

namespace QedTools.Interchange.Qcow2;

/// <summary>Reads compressed clusters.</summary>
/// <param name="storage">The file.</param>
/// <param name="clusterSize">A cluster's size, in bytes.</param>
/// <param name="compression">How they are packed; is disposed with this object.</param>
internal sealed class CompressedClusters(IStorage storage, int clusterSize, IClusterCompression compression)
    : PackedBlocks<CompressedPlace>(clusterSize, new UnpackedBlocks()), IDisposable
{
    public void Dispose() => compression.Dispose();

    protected override void Unpack(long block, in CompressedPlace place, Span<byte> data)
    {
        byte[] rented = ArrayPool<byte>.Shared.Rent(place.MaxBytes);
        try
        {
            storage.ReadExactly(place.FileOffset, rented.AsSpan(0, place.MaxBytes));
            int done = compression.Unpack(rented, place.MaxBytes, data);
            if (done < data.Length)
            {
                throw Damaged(block, place, $"data that ends after {done} bytes");
            }
        }
        catch (InvalidDataException)
        {
            throw Damaged(block, place, $"not {compression.DataName}");
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
        FormattableString.Invariant($"{compression.DataName} of {BlockSize} bytes"));
}
