using System;
using System.Collections.Generic;
using System.Threading;
using QedTools.Storage;

namespace QedTools.Tests.Support;

/// <summary>A file in memory that keeps only the pages that were written, so that it can claim to be very long.</summary>
internal sealed class MemoryStorage : IStorage
{
    private const int PageSize = 4096;

    private readonly Dictionary<long, byte[]> _pages = [];
    private readonly SortedSet<long> _written = [];
    private readonly Lock _gate = new();

    public MemoryStorage(string path = "memory.qed") => Path = path;

    /// <summary>A file that holds these bytes, with holes where a page of them is zero.</summary>
    public static MemoryStorage Of(string path, ReadOnlySpan<byte> contents)
    {
        MemoryStorage storage = new(path);
        for (int at = 0; at < contents.Length; at += PageSize)
        {
            ReadOnlySpan<byte> page = contents.Slice(at, Math.Min(PageSize, contents.Length - at));
            if (page.IndexOfAnyExcept((byte)0) >= 0)
            {
                storage.Write(at, page);
            }
        }

        storage.Length = contents.Length;
        return storage;
    }

    /// <summary>
    /// A part of the file that reads as 0xFF until something else is written, so that the table of an empty disk costs nothing.
    /// </summary>
    public (long Start, long End) Ones { get; init; }

    public string Path { get; }

    public string Identity => Path;

    public bool CanWrite => true;

    public int? DeviceSectorSize => null;

    public long Length { get; private set; }

    public StorageStamp Stamp => new(Length, null);

    public long AllocatedBytes => (long)_pages.Count * PageSize;

    public FreeSpace? FreeSpace => null;

    public bool IsInUse => false;

    public int Read(long offset, Span<byte> buffer)
    {
        using Lock.Scope scope = _gate.EnterScope();
        int count = (int)Math.Max(0, Math.Min(buffer.Length, Length - offset));
        buffer[..count].Clear();
        for (int done = 0; done < count;)
        {
            (long page, int at, int size) = Place(offset + done, count - done);
            if (_pages.TryGetValue(page, out byte[]? bytes))
            {
                bytes.AsSpan(at, size).CopyTo(buffer[done..]);
            }
            else if (IsOnes(page))
            {
                buffer.Slice(done, size).Fill(byte.MaxValue);
            }

            done += size;
        }

        return count;
    }

    public void Write(long offset, ReadOnlySpan<byte> data)
    {
        using Lock.Scope scope = _gate.EnterScope();
        for (int done = 0; done < data.Length;)
        {
            (long page, int at, int size) = Place(offset + done, data.Length - done);
            if (!_pages.TryGetValue(page, out byte[]? bytes))
            {
                if (IsOnes(page) && data.Slice(done, size).IndexOfAnyExcept(byte.MaxValue) < 0)
                {
                    done += size;
                    continue;
                }

                _pages.Add(page, bytes = new byte[PageSize]);
                bytes.AsSpan().Fill(IsOnes(page) ? byte.MaxValue : (byte)0);
                _written.Add(page);
            }

            data.Slice(done, size).CopyTo(bytes.AsSpan(at));
            done += size;
        }

        Length = Math.Max(Length, offset + data.Length);
    }

    public void SetLength(long length)
    {
        using Lock.Scope scope = _gate.EnterScope();
        Length = length;
        List<long> gone = [];
        foreach (long page in _pages.Keys)
        {
            if (page >= length)
            {
                gone.Add(page);
            }
            else if (length - page < PageSize)
            {
                _pages[page].AsSpan((int)(length - page)).Clear();
            }
        }

        gone.ForEach(page => _pages.Remove(page));
        _written.RemoveWhere(page => page >= length);
    }

    public void Flush()
    {
    }

    public void BeginFlush()
    {
    }

    public StorageRange RangeAt(long offset, long length)
    {
        using Lock.Scope scope = _gate.EnterScope();
        long start = offset - (offset % PageSize);
        if (!_pages.ContainsKey(start))
        {
            long next = _written.GetViewBetween(start, long.MaxValue).Min;
            return new StorageRange(next == 0 ? length : Math.Min(length, next - offset), IsHole: true);
        }

        long end = start;
        while (end < offset + length && _pages.ContainsKey(end))
        {
            end += PageSize;
        }

        return new StorageRange(Math.Min(length, end - offset), IsHole: false);
    }

    public void Dispose()
    {
    }

    private bool IsOnes(long page) => page >= Ones.Start && Ones.End - page >= PageSize;

    private static (long Page, int At, int Size) Place(long offset, int wanted)
    {
        int at = (int)(offset % PageSize);
        return (offset - at, at, Math.Min(wanted, PageSize - at));
    }
}
