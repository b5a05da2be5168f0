using System;

namespace QedTools.Storage;

/// <summary>The bytes of one open file. Reads may come from many threads at once; writes come from one at a time.</summary>
/// <remarks>The seam beneath every format: tests use it to substitute memory, faults and power cuts.</remarks>
internal interface IStorage : IDisposable
{
    /// <summary>The path that the file was opened by, for messages and for resolving names relative to it.</summary>
    string Path { get; }

    /// <summary>Equal for two storages exactly if they are the same file, whatever names led to it.</summary>
    string Identity { get; }

    /// <summary>Whether the file was opened for writing.</summary>
    bool CanWrite { get; }

    /// <summary>The size of the logical sectors of a block device, in bytes; null for a file.</summary>
    int? DeviceSectorSize { get; }

    /// <summary>The file's length, in bytes.</summary>
    long Length { get; }

    /// <summary>Shows whether the file was written to between two reads of this property, by any process.</summary>
    StorageStamp Stamp { get; }

    /// <summary>What the host has allocated for the file, in bytes; less than the length where the file has holes.</summary>
    long AllocatedBytes { get; }

    /// <summary>The free space of the file system that holds the file; null if the host does not report it.</summary>
    FreeSpace? FreeSpace { get; }

    /// <summary>Whether another user holds the file in a way that would make a writer fail now.</summary>
    /// <remarks>On Windows only a storage with <see cref="StorageAccess.Inspect"/> can tell; one that holds the file itself returns false.</remarks>
    bool IsInUse { get; }

    /// <summary>Reads from <paramref name="offset"/> until <paramref name="buffer"/> is full or the file ends.</summary>
    /// <returns>The bytes read; fewer than asked for only at the end of the file.</returns>
    /// <exception cref="QedException">The file could not be read.</exception>
    int Read(long offset, Span<byte> buffer);

    /// <summary>Writes all of <paramref name="data"/> at <paramref name="offset"/>, growing the file as needed.</summary>
    /// <exception cref="QedException">The file could not be written.</exception>
    void Write(long offset, ReadOnlySpan<byte> data);

    /// <summary>Sets the file's length, in bytes. Added bytes read as zeroes and take no space where the host supports that.</summary>
    /// <exception cref="QedException">The length could not be set.</exception>
    void SetLength(long length);

    /// <summary>Returns when everything written before is on the disk, not only in the host's memory.</summary>
    /// <exception cref="QedException">The host could not write it.</exception>
    void Flush();

    /// <summary>
    /// Lets the host begin to write earlier writes to the disk, without waiting for it, so that a <see cref="Flush"/> soon after
    /// takes less time. A hint: it guarantees nothing and never fails.
    /// </summary>
    void BeginFlush();

    /// <summary>Finds whether <paramref name="offset"/> is in a hole or in data, and how far that extends.</summary>
    /// <param name="offset">0 to the file's length, in bytes.</param>
    /// <param name="length">How far to look, in bytes; at least 1.</param>
    /// <returns>A range at least one byte and at most <paramref name="length"/> bytes long. If the host cannot tell, it is data.</returns>
    StorageRange RangeAt(long offset, long length);
}
