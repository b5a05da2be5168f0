using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;

namespace QedTools.Qed.Checking;

/// <summary>
/// A set of cluster numbers whose memory grows with the number of its members, wherever in the file they claim to be:
/// a bitmap in chunks where they are close together, a hash set for the rest.
/// </summary>
/// <remarks>
/// A chunk is allocated while all chunks together stay below a fixed allowance plus <see cref="BytesPerMember"/> bytes
/// for each member. A hostile image whose entries are scattered over a huge file therefore costs a few dozen bytes per
/// entry that actually exists, and an honest one costs one bit per cluster.
/// </remarks>
internal sealed class ClusterSet
{
    private const int ChunkBits = 15;
    private const int ChunkWords = 1 << (ChunkBits - 6);
    private const int ChunkBytes = ChunkWords * sizeof(ulong);
    private const long Allowance = 16 << 20;
    private const int BytesPerMember = 16;

    private readonly Dictionary<long, ulong[]> _chunks = [];
    private readonly HashSet<long> _scattered = [];
    private long _lastNumber = -1;
    private ulong[] _last = [];

    /// <summary>How many clusters are in the set.</summary>
    public long Count { get; private set; }

    /// <summary>The largest cluster number ever added; -1 for an empty set.</summary>
    public long Largest { get; private set; } = -1;

    /// <summary>Adds a cluster.</summary>
    /// <returns>False if it was already in the set.</returns>
    public bool Add(long cluster)
    {
        if (!Insert(cluster))
        {
            return false;
        }

        Count++;
        Largest = Math.Max(Largest, cluster);
        return true;
    }

    /// <summary>Adds a range of clusters if none of them is in the set yet.</summary>
    /// <param name="first">The first cluster.</param>
    /// <param name="count">How many; at least 1.</param>
    /// <returns>False if one of them was already in the set; the set is then unchanged.</returns>
    public bool AddRange(long first, long count)
    {
        if (Overlaps(first, count))
        {
            return false;
        }

        for (long cluster = first, end = first + count; cluster < end;)
        {
            long here = Math.Min(end, ((cluster >> ChunkBits) + 1) << ChunkBits) - cluster;
            ulong[]? chunk = FindChunk(cluster >> ChunkBits);
            if (chunk is null)
            {
                // Adding the first cluster decides whether a chunk is worth its memory; there may be none afterwards.
                Add(cluster);
                cluster++;
                continue;
            }

            FillBits(chunk, (int)(cluster & ((1 << ChunkBits) - 1)), (int)here);
            Count += here;
            cluster += here;
        }

        Largest = Math.Max(Largest, first + count - 1);
        return true;
    }

    /// <summary>Whether any cluster of a range is in the set.</summary>
    /// <param name="first">The first cluster.</param>
    /// <param name="count">How many.</param>
    public bool Overlaps(long first, long count)
    {
        for (long cluster = first, end = first + count; cluster < end;)
        {
            long here = Math.Min(end, ((cluster >> ChunkBits) + 1) << ChunkBits) - cluster;
            if (FindChunk(cluster >> ChunkBits) is { } chunk && HasBits(chunk, (int)(cluster & ((1 << ChunkBits) - 1)), (int)here))
            {
                return true;
            }

            cluster += here;
        }

        if (_scattered.Count == 0)
        {
            return false;
        }

        for (long cluster = first; cluster < first + count; cluster++)
        {
            if (_scattered.Contains(cluster))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a cluster is in the set.</summary>
    public bool Contains(long cluster) =>
        (FindChunk(cluster >> ChunkBits) is { } chunk && (chunk[WordOf(cluster)] & MaskOf(cluster)) != 0)
        || (_scattered.Count > 0 && _scattered.Contains(cluster));

    /// <summary>All clusters in the set, from the largest down. Time and memory depend on how many there are, not on their numbers.</summary>
    public IEnumerable<long> Descending()
    {
        long[] scattered = [.. _scattered];
        long[] numbers = [.. _chunks.Keys];
        Array.Sort(scattered);
        Array.Sort(numbers);
        int left = scattered.Length;
        for (int i = numbers.Length - 1; i >= 0; i--)
        {
            ulong[] chunk = _chunks[numbers[i]];
            for (int at = (1 << ChunkBits) - 1; at >= 0; at--)
            {
                if (chunk[WordOf(at)] == 0)
                {
                    at &= ~63;
                    continue;
                }

                if ((chunk[WordOf(at)] & MaskOf(at)) == 0)
                {
                    continue;
                }

                long cluster = (numbers[i] << ChunkBits) | (long)at;
                while (left > 0 && scattered[left - 1] > cluster)
                {
                    yield return scattered[--left];
                }

                yield return cluster;
            }
        }

        while (left > 0)
        {
            yield return scattered[--left];
        }
    }

    private static int WordOf(long cluster) => (int)(cluster & ((1 << ChunkBits) - 1)) >> 6;

    private static ulong MaskOf(long cluster) => 1UL << (int)(cluster & 63);

    private static bool HasBits(ulong[] chunk, int first, int count)
    {
        (int firstWord, ulong firstMask, int lastWord, ulong lastMask) = Words(first, count);
        if (firstWord == lastWord)
        {
            return (chunk[firstWord] & firstMask & lastMask) != 0;
        }

        ReadOnlySpan<ulong> between = chunk.AsSpan(firstWord + 1, lastWord - firstWord - 1);
        return (chunk[firstWord] & firstMask) != 0
            || (chunk[lastWord] & lastMask) != 0
            || !Disks.ZeroScan.IsZero(MemoryMarshal.AsBytes(between));
    }

    private static void FillBits(ulong[] chunk, int first, int count)
    {
        (int firstWord, ulong firstMask, int lastWord, ulong lastMask) = Words(first, count);
        if (firstWord == lastWord)
        {
            chunk[firstWord] |= firstMask & lastMask;
            return;
        }

        chunk[firstWord] |= firstMask;
        chunk.AsSpan(firstWord + 1, lastWord - firstWord - 1).Fill(ulong.MaxValue);
        chunk[lastWord] |= lastMask;
    }

    private static (int FirstWord, ulong FirstMask, int LastWord, ulong LastMask) Words(int first, int count)
    {
        int last = first + count - 1;
        return (first >> 6, ulong.MaxValue << (first & 63), last >> 6, ulong.MaxValue >> (63 - (last & 63)));
    }

    private bool Insert(long cluster)
    {
        long number = cluster >> ChunkBits;
        ulong[]? chunk = FindChunk(number);
        if (chunk is null)
        {
            if ((_chunks.Count + 1L) * ChunkBytes > Allowance + (Count * BytesPerMember))
            {
                return _scattered.Add(cluster);
            }

            chunk = new ulong[ChunkWords];
            _chunks.Add(number, chunk);
            _lastNumber = number;
            _last = chunk;
        }

        ref ulong word = ref chunk[WordOf(cluster)];
        ulong mask = MaskOf(cluster);
        if ((word & mask) != 0 || (_scattered.Count > 0 && _scattered.Contains(cluster)))
        {
            return false;
        }

        word |= mask;
        return true;
    }

    private ulong[]? FindChunk(long number)
    {
        if (number == _lastNumber)
        {
            return _last;
        }

        if (!_chunks.TryGetValue(number, out ulong[]? chunk))
        {
            return null;
        }

        _lastNumber = number;
        _last = chunk;
        return chunk;
    }
}
