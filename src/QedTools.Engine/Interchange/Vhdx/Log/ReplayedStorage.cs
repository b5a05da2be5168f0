using System;
using System.Collections.Generic;
using QedTools.Storage;

namespace QedTools.Interchange.Vhdx.Log;

/// <summary>A file as it reads once its log is replayed. Read-only.</summary>
/// <param name="file">The file as it is.</param>
/// <param name="patches">What reads differently, in order and without overlaps.</param>
/// <param name="minLength">Its minimum length, in bytes; what is added is zeroes.</param>
internal sealed class ReplayedStorage(IStorage file, IReadOnlyList<LogPatch> patches, long minLength) : IStorage
{
    private readonly long _fileLength = file.Length;

    public string Path => file.Path;

    public string Identity => file.Identity;

    public bool CanWrite => false;

    public int? DeviceSectorSize => null;

    public long Length => Math.Max(_fileLength, minLength);

    public StorageStamp Stamp => file.Stamp;

    public long AllocatedBytes => file.AllocatedBytes;

    public FreeSpace? FreeSpace => file.FreeSpace;

    public bool IsInUse => file.IsInUse;

    public int Read(long offset, Span<byte> buffer)
    {
        int count = (int)Math.Max(0, Math.Min(buffer.Length, Length - offset));
        buffer = buffer.Slice(0, count);
        int stored = (int)Math.Max(0, Math.Min(count, _fileLength - offset));
        file.ReadExactly(offset, buffer.Slice(0, stored));
        buffer.Slice(stored).Clear();
        for (int i = FirstEndingAfter(offset); i < patches.Count && patches[i].Start < offset + count; i++)
        {
            Apply(patches[i], offset, buffer);
        }

        return count;
    }

    public void Write(long offset, ReadOnlySpan<byte> data) => throw new NotSupportedException();

    public void SetLength(long length) => throw new NotSupportedException();

    public void Flush() => throw new NotSupportedException();

    public void BeginFlush()
    {
    }

    public StorageRange RangeAt(long offset, long length)
    {
        StorageRange range = offset < _fileLength
            ? file.StoredRangeAt(offset, Math.Min(length, _fileLength - offset))
            : new StorageRange(length, IsHole: true);
        int i = FirstEndingAfter(offset);
        if (i == patches.Count || patches[i].Start >= offset + range.Length)
        {
            return range;
        }

        return patches[i].Start > offset
            ? range with { Length = patches[i].Start - offset }
            : new StorageRange(Math.Min(length, patches[i].End - offset), IsHole: patches[i].DataAt is null);
    }

    public void Dispose() => file.Dispose();

    private int FirstEndingAfter(long offset)
    {
        int low = 0;
        int high = patches.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (patches[middle].End <= offset)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    private void Apply(in LogPatch patch, long offset, Span<byte> buffer)
    {
        long start = Math.Max(patch.Start, offset);
        Span<byte> part = buffer.Slice((int)(start - offset), (int)(Math.Min(patch.End, offset + buffer.Length) - start));
        if (patch.DataAt is not { } dataAt)
        {
            part.Clear();
            return;
        }

        Span<byte> sector = stackalloc byte[LogEntryHeader.SectorSize];
        file.ReadExactly(dataAt, sector);
        patch.Complete(sector);
        sector.Slice((int)(start - patch.Start), part.Length).CopyTo(part);
    }
}
