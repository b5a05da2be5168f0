using System;
using QedTools.Storage;

namespace QedTools.Disks;

/// <summary>What is written to a disk: bytes in memory, or a range of a file.</summary>
internal readonly ref struct DiskContent
{
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly IStorage? _file;
    private readonly long _offset;
    private readonly SharedBytes? _shared;

    /// <summary>Bytes in memory.</summary>
    /// <param name="bytes">The bytes.</param>
    public DiskContent(ReadOnlySpan<byte> bytes)
    {
        _bytes = bytes;
        Length = bytes.Length;
    }

    /// <summary>A range of a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="offset">Where the range begins in it, in bytes.</param>
    /// <param name="length">Its length, in bytes; it must end within the file.</param>
    /// <param name="shared">Counts what was not copied but shared.</param>
    public DiskContent(IStorage file, long offset, long length, SharedBytes shared)
    {
        _file = file;
        _offset = offset;
        _shared = shared;
        Length = length;
    }

    /// <summary>Its length, in bytes.</summary>
    public long Length { get; }

    /// <summary>Whether it is in memory.</summary>
    public bool IsInMemory => _file is null;

    /// <summary>A part of it.</summary>
    /// <param name="start">Where the part begins, in bytes.</param>
    /// <param name="length">Its length, in bytes.</param>
    public DiskContent Slice(long start, long length) => _file is null
        ? new DiskContent(_bytes.Slice((int)start, (int)length))
        : new DiskContent(_file, _offset + start, length, _shared!);

    /// <summary>What follows the first bytes.</summary>
    /// <param name="start">How many bytes, at most all.</param>
    public DiskContent Slice(long start) => Slice(start, Length - start);

    /// <summary>Reads all of it.</summary>
    /// <param name="buffer">The buffer to fill: as long as the content.</param>
    /// <exception cref="QedException">The file could not be read.</exception>
    public void Read(Span<byte> buffer)
    {
        if (_file is null)
        {
            _bytes.CopyTo(buffer);
        }
        else
        {
            _file.ReadExactly(_offset, buffer);
        }
    }

    /// <summary>Writes all of it to a file.</summary>
    /// <param name="target">The file.</param>
    /// <param name="offset">Where in the file, in bytes.</param>
    /// <exception cref="QedException">A file could not be read or written.</exception>
    public void StoreIn(IStorage target, long offset)
    {
        if (_file is null)
        {
            target.Write(offset, _bytes);
        }
        else
        {
            _shared!.Count += StorageCopy.Run(_file, _offset, target, offset, Length);
        }
    }
}
