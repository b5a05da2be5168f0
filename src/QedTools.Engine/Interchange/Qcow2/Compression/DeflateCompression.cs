using System;
using System.IO;
using System.IO.Compression;

namespace QedTools.Interchange.Qcow2.Compression;

/// <summary>Deflate without a header (RFC 1951), the compression type 0.</summary>
internal sealed class DeflateCompression : IClusterCompression
{
    public string DataName => "deflated data";

    public int Unpack(byte[] packed, int length, Span<byte> cluster)
    {
        using MemoryStream bytes = new(packed, 0, length, writable: false);
        using DeflateStream stream = new(bytes, CompressionMode.Decompress);
        try
        {
            return Inflation.Fill(stream, cluster);
        }
        catch (IOException e) when (!AssemblyErrors.IsOne(e))
        {
            // Mono's answer to data that is not deflated.
            throw new InvalidDataException(e.Message, e);
        }
    }

    public void Dispose()
    {
    }
}
