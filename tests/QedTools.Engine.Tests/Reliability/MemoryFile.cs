using System;

namespace QedTools.Tests.Reliability;

/// <summary>The bytes of one small file.</summary>
internal sealed class MemoryFile
{
    private const int HoleSize = 4096;

    private byte[] _bytes;
    private bool _isShared;

    /// <summary>A file with these bytes, which are copied on the first write.</summary>
    public MemoryFile(int number, byte[] contents)
    {
        Number = number;
        _bytes = contents;
        _isShared = true;
        Length = contents.Length;
    }

    /// <summary>Its number in events.</summary>
    public int Number { get; }

    public int Length { get; private set; }

    /// <summary>Its contents, for reading only: until the next write, they may be the file's own array.</summary>
    public byte[] Contents
    {
        get
        {
            if (_bytes.Length != Length)
            {
                _bytes = _bytes.AsSpan(0, Length).ToArray();
            }

            _isShared = true;
            return _bytes;
        }
    }

    public int Read(long offset, Span<byte> buffer)
    {
        int count = (int)Math.Max(0, Math.Min(buffer.Length, Length - offset));
        if (count > 0)
        {
            _bytes.AsSpan((int)offset, count).CopyTo(buffer);
        }

        return count;
    }

    public void Write(long offset, ReadOnlySpan<byte> data)
    {
        int end = checked((int)offset + data.Length);
        Reserve(end);
        data.CopyTo(_bytes.AsSpan((int)offset));
        Length = Math.Max(Length, end);
    }

    public void SetLength(long length)
    {
        int end = checked((int)length);
        Reserve(end);
        if (end < Length)
        {
            _bytes.AsSpan(end, Length - end).Clear();
        }

        Length = end;
    }

    /// <summary>Zeroes count as holes, so that code that treats holes differently from data is exercised.</summary>
    public (long Length, bool IsHole) RangeAt(long offset, long length)
    {
        long most = Math.Max(1, Math.Min(length, Length - offset));
        bool isHole = IsHole(offset);
        long end = NextBoundary(offset);
        while (end < offset + most && IsHole(end) == isHole)
        {
            end = NextBoundary(end);
        }

        return (Math.Min(most, end - offset), isHole);
    }

    private static long NextBoundary(long offset) => offset - (offset % HoleSize) + HoleSize;

    private bool IsHole(long offset)
    {
        int start = (int)Math.Min(Length, offset - (offset % HoleSize));
        return _bytes.AsSpan(start, Math.Min(HoleSize, Length - start)).IndexOfAnyExcept((byte)0) < 0;
    }

    // Makes sure that there is space for that many bytes, in an array that is not shared.
    private void Reserve(int length)
    {
        if (length > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(length, Math.Min(_bytes.Length * 2, 64 << 20)));
        }
        else if (_isShared)
        {
            _bytes = [.. _bytes];
        }

        _isShared = false;
    }
}
