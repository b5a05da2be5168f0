using System;
using System.Buffers;
using System.IO;

namespace QedTools.Interchange;

/// <summary>Reads from a decompressing stream.</summary>
internal static class Inflation
{
    /// <summary>Fills a buffer as far as the stream has data.</summary>
    /// <returns>How many bytes there were.</returns>
    public static int Fill(Stream stream, Span<byte> buffer)
    {
        byte[] rented = ArrayPool<byte>.Shared.Rent(buffer.Length);
        try
        {
            int done = 0;
            while (done < buffer.Length && stream.Read(rented, done, buffer.Length - done) is > 0 and var count)
            {
                done += count;
            }

            rented.AsSpan(0, done).CopyTo(buffer);
            return done;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }
}
