using System;
using System.Buffers;
using System.Collections.Concurrent;
using System.IO;

namespace QedTools.Interchange.Qcow2.Compression;

/// <summary>Zstandard frames, one or several to a cluster (RFC 8878), the compression type 1.</summary>
internal sealed class ZstdCompression : IClusterCompression
{
    // 8 MiB: what RFC 8878 (3.1.1.1.2) asks every reader to support, and the most that a file can make this one use.
    private const int MaxWindowLog = 23;

    private readonly ConcurrentBag<ZstdDecompressor> _idle = [];

    public string DataName => "zstd-compressed data";

    public int Unpack(byte[] packed, int length, Span<byte> cluster)
    {
        ZstdDecompressor decompressor = _idle.TryTake(out ZstdDecompressor? idle) ? idle : new ZstdDecompressor(MaxWindowLog);
        try
        {
            decompressor.Reset();
            ReadOnlySpan<byte> rest = packed.AsSpan(0, length);
            int done = 0;
            while (done < cluster.Length)
            {
                OperationStatus status = decompressor.Unpack(rest, cluster.Slice(done), out int consumed, out int written);
                if (status == OperationStatus.InvalidData)
                {
                    throw new InvalidDataException();
                }

                done += written;
                rest = rest.Slice(consumed);
                if (consumed == 0 && written == 0)
                {
                    break;
                }
            }

            return done;
        }
        catch (Exception e) when (ZstdDecompressor.IsAboutData(e))
        {
            throw new InvalidDataException(e.Message, e);
        }
        finally
        {
            _idle.Add(decompressor);
        }
    }

    public void Dispose()
    {
        while (_idle.TryTake(out ZstdDecompressor? decompressor))
        {
            decompressor.Dispose();
        }
    }
}
