using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using QedTools.Disks;

namespace QedTools;

/// <summary>The contents of a disk as a stream. Closing it closes the image and leaves it clean.</summary>
/// <remarks>
/// The position belongs to the stream, so one stream serves one thread at a time. Reading stops at the disk's end; writing
/// beyond it is refused, and <see cref="SetLength"/> resizes the disk.
/// </remarks>
public sealed partial class DiskStream : Stream
{
    private readonly IDisk _disk;
    private readonly Action _close;
    private long _position;
    private bool _isClosed;

    /// <param name="disk">The disk.</param>
    /// <param name="close">Closes the files that make up the disk.</param>
    /// <param name="path">The image.</param>
    internal DiskStream(IDisk disk, Action close, string path = "")
    {
        _disk = disk;
        _close = close;
        Path = path;
    }

    /// <summary>The image's full path.</summary>
    public string Path { get; }

    /// <inheritdoc/>
    public override bool CanRead => !_isClosed;

    /// <inheritdoc/>
    public override bool CanSeek => !_isClosed;

    /// <summary>Whether the disk was opened for writing.</summary>
    public override bool CanWrite => !_isClosed && _disk.CanWrite;

    /// <summary>The disk's size, in bytes.</summary>
    public override long Length => Disk.Length;

    /// <summary>Where the next read or write begins, in bytes; may lie beyond the end.</summary>
    public override long Position
    {
        get => _isClosed ? throw new ObjectDisposedException(nameof(DiskStream)) : _position;
        set => Seek(value >= 0 ? value : throw new ArgumentOutOfRangeException(nameof(value)), SeekOrigin.Begin);
    }

    private IDisk Disk => _isClosed ? throw new ObjectDisposedException(nameof(DiskStream)) : _disk;

    private IDisk WritableDisk => Disk.CanWrite
        ? _disk
        : throw new NotSupportedException("The disk was opened for reading only.");

    /// <summary>The path.</summary>
    public override string ToString() => Path;

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => ReadSpan(Slice(buffer, offset, count));

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => WriteSpan(Slice(buffer, offset, count));

    /// <summary>Reads on another thread, so that the caller's is free.</summary>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        _ = Slice(buffer, offset, count);
        return Task.Run(() => Read(buffer, offset, count), cancellationToken);
    }

    /// <summary>Writes on another thread, so that the caller's is free.</summary>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        _ = Slice(buffer, offset, count);
        return Task.Run(() => Write(buffer, offset, count), cancellationToken);
    }

    /// <summary>Flushes on another thread, so that the caller's is free.</summary>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.Run(Flush, cancellationToken);

    /// <summary>Returns when everything written is on the disk and will survive a crash.</summary>
    public override void Flush()
    {
        if (Disk.CanWrite)
        {
            _disk.Flush();
        }
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin)
    {
        long length = Disk.Length;
        long from = origin switch
        {
            SeekOrigin.Begin => 0,
            SeekOrigin.Current => _position,
            SeekOrigin.End => length,
            _ => throw new ArgumentOutOfRangeException(nameof(origin)),
        };
        if (offset < -from || offset > long.MaxValue - from)
        {
            throw new IOException("The position must be between 0 and the largest 64-bit number.");
        }

        _position = from + offset;
        return _position;
    }

    /// <summary>Resizes the disk. What is added reads as zeroes; what is cut off is lost.</summary>
    /// <param name="value">The new size, in bytes: a multiple of 512 up to the image's limit.</param>
    /// <exception cref="QedLimitException">The image cannot have that size.</exception>
    public override void SetLength(long value)
    {
        WritableDisk.SetLength(value);
        _position = Math.Min(_position, value);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && !_isClosed)
        {
            _isClosed = true;
            _close();
        }

        base.Dispose(disposing);
    }

    private static Span<byte> Slice(byte[] buffer, int offset, int count)
    {
        _ = buffer ?? throw new ArgumentNullException(nameof(buffer));
        if ((uint)offset > (uint)buffer.Length || (uint)count > (uint)(buffer.Length - offset))
        {
            throw new ArgumentOutOfRangeException(nameof(count), "The range is not within the buffer.");
        }

        return buffer.AsSpan(offset, count);
    }

    private int ReadSpan(Span<byte> buffer)
    {
        int count = (int)Math.Max(0, Math.Min(buffer.Length, Disk.Length - _position));
        _disk.Read(_position, buffer.Slice(0, count));
        _position += count;
        return count;
    }

    private void WriteSpan(ReadOnlySpan<byte> data)
    {
        IDisk disk = WritableDisk;
        if (data.Length > disk.Length - _position)
        {
            throw new IOException("The write extends beyond the end of the disk. Resize the disk first.");
        }

        disk.Write(_position, data);
        _position += data.Length;
    }
}
