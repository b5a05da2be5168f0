using System;

namespace QedTools.Interchange.Qcow2.Compression;

/// <summary>Packs the clusters of a new file, in the way that its <c>compression_type</c> says. Safe for several threads.</summary>
internal interface IClusterPacker : IDisposable
{
    /// <summary>Packs a cluster.</summary>
    /// <param name="cluster">Its data.</param>
    /// <param name="packed">What to fill.</param>
    /// <param name="length">How many bytes came of it; 0 if they do not fit.</param>
    /// <returns>Whether they fit.</returns>
    bool TryPack(ReadOnlySpan<byte> cluster, Span<byte> packed, out int length);
}
