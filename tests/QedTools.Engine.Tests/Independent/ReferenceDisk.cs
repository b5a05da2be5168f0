using System;
using System.Collections.Generic;
using System.IO;

namespace QedTools.Tests.Independent;

/// <summary>The contents of a disk, byte for byte, and which of its bytes are lost.</summary>
internal abstract class ReferenceDisk
{
    /// <summary>The unit of comparison, in bytes.</summary>
    public const int Granule = 4096;

    // Of a long range of lost data, and of a cluster that thousands of entries share, only samples are compared.
    private const int MaxSamples = 24;

    public abstract long Length { get; }

    /// <summary>
    /// Reads a range inside the disk. If <paramref name="known"/> is false for a byte, the byte is lost and its value means nothing.
    /// </summary>
    public abstract void Read(long offset, Span<byte> values, Span<bool> known);

    /// <summary>Adds the numbers of the granules that may hold anything but zeroes, or samples of them if there are very many.</summary>
    public abstract void AddPlaces(ISet<long> places);

    /// <summary>The granules worth comparing, in order: those with data or lost bytes, and both ends.</summary>
    public SortedSet<long> Places()
    {
        SortedSet<long> places = [];
        if (Length > 0)
        {
            AddPlaces(places);
            places.Add(0);
            places.Add((Length - 1) / Granule);
        }

        places.RemoveWhere(place => place < 0 || place > (Length - 1) / Granule);
        return places;
    }

    /// <summary>The first byte that is lost, or null.</summary>
    public long? FirstLost()
    {
        byte[] values = new byte[Granule];
        bool[] known = new bool[Granule];
        foreach (long place in Places())
        {
            int count = ReadGranule(place, values, known);
            int lost = known.AsSpan(0, count).IndexOf(false);
            if (lost >= 0)
            {
                return (place * Granule) + lost;
            }
        }

        return null;
    }

    /// <summary>How many bytes of the disk are lost. Reads all of it.</summary>
    public long CountLost()
    {
        byte[] values = new byte[Granule];
        bool[] known = new bool[Granule];
        long lost = 0;
        for (long place = 0; place * Granule < Length; place++)
        {
            int count = ReadGranule(place, values, known);
            lost += count - known.AsSpan(0, count).Count(true);
        }

        return lost;
    }

    /// <summary>Reads one granule, which may be shorter at the end of the disk.</summary>
    public int ReadGranule(long place, byte[] values, bool[] known)
    {
        int count = (int)Math.Min(Granule, Length - (place * Granule));
        Read(place * Granule, values.AsSpan(0, count), known.AsSpan(0, count));
        return count;
    }

    /// <summary>
    /// Describes the first byte in which a disk is not as expected: one that is known here but lost or different there or, if lost
    /// bytes must stay lost, one that is lost here but has a value there. Sizes are not compared.
    /// </summary>
    public string? Difference(ReferenceDisk actual, bool lostStaysLost)
    {
        byte[] values = new byte[Granule];
        byte[] others = new byte[Granule];
        bool[] known = new bool[Granule];
        bool[] knownThere = new bool[Granule];
        SortedSet<long> places = Places();
        places.UnionWith(actual.Places());
        foreach (long place in places)
        {
            long start = place * Granule;
            if (start >= Length || start >= actual.Length)
            {
                continue;
            }

            int count = Math.Min(ReadGranule(place, values, known), actual.ReadGranule(place, others, knownThere));
            if (known.AsSpan(0, count).SequenceEqual(knownThere.AsSpan(0, count)) && values.AsSpan(0, count).SequenceEqual(others.AsSpan(0, count)))
            {
                continue;
            }

            for (int i = 0; i < count; i++)
            {
                if (known[i] && !knownThere[i])
                {
                    return $"byte {start + i} was readable ({values[i]:x2}) and is now lost";
                }

                if (known[i] && values[i] != others[i])
                {
                    return $"byte {start + i} should be {values[i]:x2} and is {others[i]:x2}";
                }

                if (lostStaysLost && !known[i] && knownThere[i])
                {
                    return $"byte {start + i} was lost and reads as {others[i]:x2} now";
                }
            }
        }

        return null;
    }

    /// <summary>Adds the granules of a range, or samples of them.</summary>
    protected static void AddRange(ISet<long> places, long start, long end, int most = int.MaxValue)
    {
        long first = start / Granule;
        long last = (end - 1) / Granule;
        if (last - first < most)
        {
            for (long place = first; place <= last; place++)
            {
                places.Add(place);
            }

            return;
        }

        for (int i = 0; i < most / 2; i++)
        {
            places.Add(first + i);
            places.Add(last - i);
        }

        places.Add(first + ((last - first) / 2));
    }

    /// <summary>Adds the granules at the beginning of a file that hold anything but zeroes.</summary>
    protected static void AddData(ISet<long> places, ReadOnlySpan<byte> bytes, long first = 0)
    {
        for (int at = 0; at < bytes.Length; at += Granule)
        {
            if (bytes[at..Math.Min(at + Granule, bytes.Length)].ContainsAnyExcept((byte)0))
            {
                places.Add(first + (at / Granule));
            }
        }
    }

    /// <summary>Adds samples of a range of lost bytes.</summary>
    protected static void AddLost(ISet<long> places, long start, long end) => AddRange(places, start, end, MaxSamples);
}

/// <summary>Bytes, padded with zeroes to a whole sector.</summary>
internal sealed class ReferenceRaw(byte[] bytes) : ReferenceDisk
{
    public override long Length => (bytes.Length + 511L) / 512 * 512;

    public override void Read(long offset, Span<byte> values, Span<bool> known)
    {
        values.Clear();
        known.Fill(true);
        if (offset < bytes.Length)
        {
            ReadOnlySpan<byte> there = bytes.AsSpan((int)offset);
            there[..Math.Min(there.Length, values.Length)].CopyTo(values);
        }
    }

    public override void AddPlaces(ISet<long> places) => AddData(places, bytes);
}

/// <summary>A raw file, read in place because its disk may be larger than memory.</summary>
internal sealed class ReferenceRawFile(string path) : ReferenceDisk, IDisposable
{
    private const int FullyCompared = 8 << 20;

    private readonly FileStream _file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1);

    public override long Length => _file.Length;

    public override void Read(long offset, Span<byte> values, Span<bool> known)
    {
        _file.Position = offset;
        _file.ReadExactly(values);
        known.Fill(true);
    }

    public override void AddPlaces(ISet<long> places)
    {
        byte[] bytes = new byte[16 * Granule];
        _file.Position = 0;
        for (long at = 0; at < Math.Min(Length, FullyCompared); at += bytes.Length)
        {
            int count = _file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            AddData(places, bytes.AsSpan(0, count), at / Granule);
        }
    }

    public void Dispose() => _file.Dispose();
}

/// <summary>A disk that cannot be read at all.</summary>
internal sealed class ReferenceLost : ReferenceDisk
{
    public override long Length => long.MaxValue;

    public override void Read(long offset, Span<byte> values, Span<bool> known) => known.Clear();

    public override void AddPlaces(ISet<long> places) => AddRange(places, 0, 64 * Granule);
}

/// <summary>A disk with a new size: truncated, or extended with zeroes.</summary>
internal sealed class ReferenceResized(ReferenceDisk disk, long length) : ReferenceDisk
{
    public override long Length => length;

    public override void Read(long offset, Span<byte> values, Span<bool> known)
    {
        int inside = (int)Math.Clamp(disk.Length - offset, 0, values.Length);
        values.Clear();
        known.Fill(true);
        if (inside > 0)
        {
            disk.Read(offset, values[..inside], known[..inside]);
        }
    }

    public override void AddPlaces(ISet<long> places)
    {
        places.UnionWith(disk.Places());
        if (length > disk.Length)
        {
            AddLost(places, disk.Length, length);
        }
    }
}

/// <summary>A disk that hides the beginning of a longer one.</summary>
internal sealed class ReferenceMerged(ReferenceDisk over, ReferenceDisk below) : ReferenceDisk
{
    public override long Length => Math.Max(over.Length, below.Length);

    public override void Read(long offset, Span<byte> values, Span<bool> known)
    {
        int covered = (int)Math.Clamp(over.Length - offset, 0, values.Length);
        if (covered > 0)
        {
            over.Read(offset, values[..covered], known[..covered]);
        }

        if (covered < values.Length)
        {
            below.Read(offset + covered, values[covered..], known[covered..]);
        }
    }

    public override void AddPlaces(ISet<long> places)
    {
        places.UnionWith(over.Places());
        places.UnionWith(below.Places());
    }
}

/// <summary>A disk after writes. It is unknown how much of a failed write was done, so its bytes count as lost.</summary>
internal sealed class ReferenceWritten(ReferenceDisk disk, IReadOnlyList<(long Offset, byte[] Bytes, bool IsDone)> writes) : ReferenceDisk
{
    public override long Length => disk.Length;

    public override void Read(long offset, Span<byte> values, Span<bool> known)
    {
        disk.Read(offset, values, known);
        foreach ((long start, byte[] bytes, bool isDone) in writes)
        {
            long from = Math.Max(start, offset);
            long to = Math.Min(start + bytes.Length, offset + values.Length);
            if (from < to)
            {
                bytes.AsSpan((int)(from - start), (int)(to - from)).CopyTo(values[(int)(from - offset)..]);
                known.Slice((int)(from - offset), (int)(to - from)).Fill(isDone);
            }
        }
    }

    public override void AddPlaces(ISet<long> places)
    {
        places.UnionWith(disk.Places());
        foreach ((long start, byte[] bytes, _) in writes)
        {
            AddRange(places, start, start + bytes.Length);
        }
    }
}
