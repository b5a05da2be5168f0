using System;
using QedTools.Disks;
using QedTools.Interchange.Qcow2.Compression;
using QedTools.Interchange.Qcow2.Format;
using QedTools.Storage;

namespace QedTools.Interchange.Qcow2;

/// <summary>Packs and writes the compressed clusters of a new file.</summary>
/// <param name="storage">The file.</param>
/// <param name="map">Gives each its place.</param>
/// <param name="geometry">The cluster size.</param>
/// <param name="packer">Packs them; ends with this.</param>
internal sealed class CompressedClusterWriter(IStorage storage, Qcow2Map map, Qcow2Geometry geometry, IClusterPacker packer)
    : IDiskCompression, IDisposable
{
    private long _next;

    // A cluster that does not get smaller is stored as it is.
    public int MaxPackedBytes => geometry.ClusterSize - 1;

    public bool TryPack(ReadOnlySpan<byte> unit, Span<byte> packed, out int length) => packer.TryPack(unit, packed, out length);

    public void WritePacked(long offset, ReadOnlySpan<byte> packed)
    {
        // The refcounts are counted in the order of the disk, and have to come in the order of the file.
        long cluster = geometry.IndexOf(offset);
        if (cluster < _next)
        {
            throw new InvalidOperationException("Compressed clusters are written in order, each once.");
        }

        storage.Write(map.AllocateCompressed(cluster, packed.Length), packed);
        _next = cluster + 1;
    }

    public void Dispose() => packer.Dispose();
}
