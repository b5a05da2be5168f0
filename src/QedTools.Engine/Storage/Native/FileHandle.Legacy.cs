// Reads and writes at offsets of an open file where there is no RandomAccess: an unbuffered stream guarded by a lock.
using System;
using System.Buffers;
using System.IO;
using Microsoft.Win32.SafeHandles;

namespace QedTools.Storage.Native;

/// <summary>An open file, addressed by offset; safe for many readers at once.</summary>
internal sealed class FileHandle : IDisposable
{
    private const int MaxPiece = 1 << 20;

    private readonly object _gate = new();
    private readonly FileStream _stream;
    private readonly FileFlush _flush;

    private FileHandle(FileStream stream)
    {
        _stream = stream;
        Safe = stream.SafeFileHandle;
        _flush = new FileFlush(Safe);
    }

    public SafeFileHandle Safe { get; }

    public long Length
    {
        get
        {
            lock (_gate)
            {
                return _stream.Length;
            }
        }
    }

    public static FileHandle Open(string path, FileMode mode, FileAccess access, FileShare share) =>
        new(new FileStream(path, mode, access, share, bufferSize: 1));

    /// <summary>A file that is open already, for reading and writing.</summary>
    public static FileHandle Of(SafeFileHandle safe) => new(new FileStream(safe, FileAccess.ReadWrite, bufferSize: 1));

    public int Read(long offset, Span<byte> buffer)
    {
        byte[] piece = ArrayPool<byte>.Shared.Rent(Math.Min(buffer.Length, MaxPiece));
        try
        {
            int count = Math.Min(buffer.Length, piece.Length);
            lock (_gate)
            {
                _stream.Position = offset;
                count = _stream.Read(piece, 0, count);
            }

            piece.AsSpan(0, count).CopyTo(buffer);
            return count;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    public void Write(long offset, ReadOnlySpan<byte> data)
    {
        byte[] piece = ArrayPool<byte>.Shared.Rent(Math.Min(data.Length, MaxPiece));
        try
        {
            while (data.Length > 0)
            {
                int count = Math.Min(data.Length, piece.Length);
                data.Slice(0, count).CopyTo(piece);
                lock (_gate)
                {
                    _stream.Position = offset;
                    _stream.Write(piece, 0, count);
                }

                offset += count;
                data = data.Slice(count);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    /// <summary>The range at an offset, as <see cref="FileHoles"/> reports it.</summary>
    public StorageRange RangeAt(long offset, long length)
    {
        // The query moves the file's position, which Mono's stream assumes to be where it left it.
        lock (_gate)
        {
            StorageRange range = FileHoles.RangeAt(Safe, offset, length);
            FileHoles.MoveTo(Safe, _stream.Position);
            return range;
        }
    }

    public void SetLength(long length)
    {
        lock (_gate)
        {
            _stream.SetLength(length);
        }
    }

    public void Flush()
    {
        lock (_gate)
        {
            _stream.Flush(flushToDisk: !FileFlush.IsSupported);
        }

        if (FileFlush.IsSupported)
        {
            _flush.Run();
        }
    }

    public void Dispose() => _stream.Dispose();
}
