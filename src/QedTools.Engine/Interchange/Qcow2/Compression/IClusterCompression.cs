using System;
using System.IO;

namespace QedTools.Interchange.Qcow2.Compression;

/// <summary>A way in which a file's compressed clusters are packed (<c>compression_type</c>). Thread-safe.</summary>
internal interface IClusterCompression : IDisposable
{
    /// <summary>What packed data is called in messages.</summary>
    string DataName { get; }

    /// <summary>Unpacks a cluster.</summary>
    /// <param name="packed">A buffer that holds its data and may hold other bytes after it.</param>
    /// <param name="length">How many bytes of the buffer count.</param>
    /// <param name="cluster">The buffer to fill.</param>
    /// <returns>How many bytes were unpacked; fewer than the cluster has if the data ends earlier.</returns>
    /// <exception cref="InvalidDataException">The data was not packed in this way.</exception>
    int Unpack(byte[] packed, int length, Span<byte> cluster);
}
