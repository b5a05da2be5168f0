using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace QedTools.Tests.DataPlane;

/// <summary>The expected contents of a disk: plain bytes, of which only pages that are not all zeroes are kept.</summary>
internal sealed class ModelDisk
{
    private const int PageSize = 4096;

    private readonly SortedDictionary<long, byte[]> _pages = [];

    public ModelDisk(long length) => Length = length;

    public long Length { get; private set; }

    /// <summary>A disk of another size with the same contents, truncated or padded with zeroes.</summary>
    public ModelDisk Resized(long length)
    {
        ModelDisk copy = new(Length);
        foreach ((long at, byte[] page) in _pages)
        {
            copy._pages.Add(at, [.. page]);
        }

        copy.SetLength(length);
        return copy;
    }

    public void Write(long offset, ReadOnlySpan<byte> data)
    {
        for (int done = 0; done < data.Length;)
        {
            int at = (int)((offset + done) % PageSize);
            int size = Math.Min(data.Length - done, PageSize - at);
            long start = offset + done - at;
            if (!_pages.TryGetValue(start, out byte[]? page))
            {
                _pages.Add(start, page = new byte[PageSize]);
            }

            data.Slice(done, size).CopyTo(page.AsSpan(at));
            done += size;
        }
    }

    public void Zero(long offset, long length)
    {
        long end = offset + length;
        foreach (long start in _pages.Keys.Where(start => start < end && start + PageSize > offset).ToArray())
        {
            int from = (int)(Math.Max(offset, start) - start);
            int to = (int)(Math.Min(end, start + PageSize) - start);
            _pages[start].AsSpan(from, to - from).Clear();
        }
    }

    public void SetLength(long length)
    {
        if (length < Length)
        {
            Zero(length, Length - length);
        }

        Length = length;
    }

    public byte[] Read(long offset, int length)
    {
        byte[] result = new byte[length];
        for (int done = 0; done < length;)
        {
            int at = (int)((offset + done) % PageSize);
            int size = Math.Min(length - done, PageSize - at);
            if (_pages.TryGetValue(offset + done - at, out byte[]? page))
            {
                page.AsSpan(at, size).CopyTo(result.AsSpan(done));
            }

            done += size;
        }

        return result;
    }

    /// <summary>The first byte of a range that is not zero; null if all are.</summary>
    public long? FirstNonZero(long offset, long length)
    {
        long end = offset + length;
        foreach ((long start, byte[] page) in _pages)
        {
            if (start >= end)
            {
                break;
            }

            int from = (int)Math.Clamp(offset - start, 0, PageSize);
            int to = (int)Math.Min(end - start, PageSize);
            int at = from < to ? page.AsSpan(from, to - from).IndexOfAnyExcept((byte)0) : -1;
            if (at >= 0)
            {
                return start + from + at;
            }
        }

        return null;
    }

    /// <summary>Writes the contents to a raw file, zeroes as holes.</summary>
    public void SaveTo(string path)
    {
        using FileStream file = new(path, FileMode.CreateNew);
        file.SetLength(Length);
        foreach ((long start, byte[] page) in _pages)
        {
            if (start < Length && page.AsSpan().ContainsAnyExcept((byte)0))
            {
                file.Position = start;
                file.Write(page.AsSpan(0, (int)Math.Min(PageSize, Length - start)));
            }
        }
    }
}
