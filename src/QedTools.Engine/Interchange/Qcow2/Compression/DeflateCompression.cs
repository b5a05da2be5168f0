using System;

namespace QedTools.Interchange.Qcow2.Compression;

/// <summary>Deflate without a header (RFC 1951), the compression type 0.</summary>
internal sealed class DeflateCompression : IClusterCompression
{
    public string DataName => "deflated data";

    public int Unpack(byte[] packed, int length, Span<byte> cluster) => DeflatedData.Unpack(packed, 0, length, cluster);

    public void Dispose()
    {
    }
}
