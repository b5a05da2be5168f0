using System;

namespace QedTools.Storage;

/// <summary>The bytes of one open file. Reads may come from many threads at once; writes come from one at a time.</summary>
/// <remarks>The seam under every format: tests put memory, faults and power cuts behind it.</remarks>
internal interface IStorage : IDisposable
{
    /// <summary>The path that the file was opened by, for messages and for resolving names relative to it.</summary>
    string Path { get; }

    /// <summary>Equal for two storages exactly if they are the same file, whatever names led to it.</summary>
    string Identity { get; }

    /// <summary>Whether the file was opened for writing.</summary>
    bool CanWrite { get; }

    /// <summary>The file's length, in bytes.</summary>
    long Length { get; }

    /// <summary>Tells whether the file was written to between two looks, whoever did it.</summary>
    StorageStamp Stamp { get; }

    /// <summary>What the host has allocated for the file, in bytes; less than the length where the file has holes.</summary>
    long AllocatedBytes { get; }

    /// <summary>How much more the disk that holds the file can take; null where the host cannot tell.</summary>
    StorageRoom? Room { get; }

    /// <summary>Whether somebody else holds the file so that a writer would be refused now.</summary>
    /// <remarks>On Windows only <see cref="StorageAccess.Inspect"/> can tell; a storage that holds the file itself says no.</remarks>
    bool IsInUse { get; }

    /// <summary>Reads from <paramref name="offset"/> until <paramref name="buffer"/> is full or the file ends.</summary>
    /// <returns>The bytes read; fewer than asked for only at the end of the file.</returns>
    /// <exception cref="QedException">The file could not be read.</exception>
    int Read(long offset, Span<byte> buffer);

    /// <summary>Writes all of <paramref name="data"/> at <paramref name="offset"/>, growing the file as needed.</summary>
    /// <exception cref="QedException">The file could not be written.</exception>
    void Write(long offset, ReadOnlySpan<byte> data);

    /// <summary>Sets the file's length, in bytes. What is added reads as zeroes and takes no room where the host can do that.</summary>
    /// <exception cref="QedException">The length could not be set.</exception>
    void SetLength(long length);

    /// <summary>Returns when everything written before is on the disk, not only in the host's memory.</summary>
    /// <exception cref="QedException">The host could not write it.</exception>
    void Flush();

    /// <summary>
    /// Lets the host begin to bring to the disk what was written before, without waiting for it; a <see cref="Flush"/> soon
    /// after takes less time then. A hint: it promises nothing, and no error comes of it.
    /// </summary>
    void BeginFlush();

    /// <summary>Tells whether <paramref name="offset"/> lies in a hole, and how far that holds.</summary>
    /// <param name="offset">0 to the file's length, in bytes.</param>
    /// <param name="length">How far to look, in bytes; at least 1.</param>
    /// <returns>A range at least one byte and at most <paramref name="length"/> bytes long. Hosts that cannot tell answer "data".</returns>
    StorageRange RangeAt(long offset, long length);
}
