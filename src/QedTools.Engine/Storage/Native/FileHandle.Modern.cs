// Reads and writes at offsets of an open file with RandomAccess.
using System;
using System.IO;
using Microsoft.Win32.SafeHandles;

namespace QedTools.Storage.Native;

/// <summary>An open file, addressed by offset; safe for many readers at once.</summary>
internal sealed class FileHandle : IDisposable
{
    private readonly FileFlush _flush;

    private FileHandle(SafeFileHandle safe)
    {
        Safe = safe;
        _flush = new FileFlush(safe);
    }

    public SafeFileHandle Safe { get; }

    public long Length => RandomAccess.GetLength(Safe);

    public static FileHandle Open(string path, FileMode mode, FileAccess access, FileShare share) =>
        new(File.OpenHandle(path, mode, access, share));

    /// <summary>A file that is open already, for reading and writing.</summary>
    public static FileHandle Of(SafeFileHandle safe) => new(safe);

    public int Read(long offset, Span<byte> buffer) => RandomAccess.Read(Safe, buffer, offset);

    public void Write(long offset, ReadOnlySpan<byte> data) => RandomAccess.Write(Safe, data, offset);

    /// <summary>The range at an offset, as <see cref="FileHoles"/> reports it.</summary>
    public StorageRange RangeAt(long offset, long length) => FileHoles.RangeAt(Safe, offset, length);

    public void SetLength(long length) => RandomAccess.SetLength(Safe, length);

    public void Flush()
    {
        if (FileFlush.IsSupported)
        {
            _flush.Run();
        }
        else
        {
            RandomAccess.FlushToDisk(Safe);
        }
    }

    public void Dispose() => Safe.Dispose();
}
