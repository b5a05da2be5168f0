using System;
using System.IO;

namespace QedTools.Interchange;

/// <summary>Reads from a decompressing stream.</summary>
internal static class Inflation
{
    /// <summary>Fills a buffer as far as the stream has data.</summary>
    /// <returns>How many bytes there were.</returns>
    public static int Fill(Stream stream, Span<byte> buffer) => stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
}
