using System;
using System.Collections.Concurrent;

namespace QedTools.Interchange.Qcow2.Compression;

/// <summary>Packs each cluster to one Zstandard frame (RFC 8878), as <see cref="ZstdCompression"/> unpacks them.</summary>
internal sealed class ZstdPacker : IClusterPacker
{
    private readonly ConcurrentBag<ZstdCompressor> _idle = [];

    public bool TryPack(ReadOnlySpan<byte> cluster, Span<byte> packed, out int length)
    {
        ZstdCompressor compressor = _idle.TryTake(out ZstdCompressor? idle) ? idle : new ZstdCompressor();
        try
        {
            return compressor.TryPack(cluster, packed, out length);
        }
        finally
        {
            _idle.Add(compressor);
        }
    }

    public void Dispose()
    {
        while (_idle.TryTake(out ZstdCompressor? compressor))
        {
            compressor.Dispose();
        }
    }
}
