using System;
using System.Collections.Generic;
using QedTools.Disks;

namespace QedTools.Qed.Checking;

/// <summary>
/// A set of cluster numbers whose memory grows with the number of its members, wherever in the file they claim to be:
/// a bitmap in chunks where they are close together, a hash table of its single words for the rest.
/// </summary>
/// <remarks>
/// A chunk is allocated while all chunks together stay below a fixed allowance plus <see cref="BytesPerMember"/> bytes
/// for each member. A hostile image whose entries are scattered over a huge file therefore costs a few dozen bytes per
/// entry that actually exists, and an honest one costs one bit per cluster. The tables of an honest image are scattered as well if
/// it is large enough, and every data cluster is looked up among them, so a range is looked up by words and not by clusters.
/// </remarks>
internal sealed class ClusterSet
{
    private const int WordBits = 6;
    private const int WordSize = 1 << WordBits;
    private const int ChunkBits = 15;
    private const int ChunkWords = 1 << (ChunkBits - WordBits);
    private const int ChunkBytes = ChunkWords * sizeof(ulong);
    private const long Allowance = 16 << 20;
    private const int BytesPerMember = 16;

    // A cluster whose chunk exists is not in the scattered words.
    private readonly Dictionary<long, ulong[]> _chunks = [];
    private readonly Dictionary<long, ulong> _scattered = [];
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
            long here;
            if (FindOrAddChunk(cluster >> ChunkBits) is { } chunk)
            {
                here = Math.Min(end, ((cluster >> ChunkBits) + 1) << ChunkBits) - cluster;
                FillBits(chunk, (int)(cluster & ((1 << ChunkBits) - 1)), (int)here);
            }
            else
            {
                here = InWord(cluster, end - cluster);
                _scattered[cluster >> WordBits] = ScatteredWord(cluster >> WordBits) | MaskOf(cluster, (int)here);
            }

            Count += here;
            cluster += here;
        }

        Largest = Math.Max(Largest, first + count - 1);
        return true;
    }

    /// <summary>Whether any cluster of a range is in the set.</summary>
    /// <param name="first">The first cluster.</param>
    /// <param name="count">How many.</param>
    public bool Overlaps(long first, long count) => CountFree(first, count) < count;

    /// <summary>How many clusters from the first of a range on are not in the set. The time depends on how many they are, and not on the range.</summary>
    /// <param name="first">The first cluster.</param>
    /// <param name="count">The length of the range; at least 0.</param>
    public long CountFree(long first, long count)
    {
        for (long cluster = first, end = first + count; cluster < end;)
        {
            long here = Math.Min(end, ((cluster >> ChunkBits) + 1) << ChunkBits) - cluster;
            long free = FindChunk(cluster >> ChunkBits) is { } chunk ? CountFreeBits(chunk, (int)(cluster & ((1 << ChunkBits) - 1)), (int)here)
                : _scattered.Count > 0 ? CountFreeScattered(cluster, here)
                : here;
            if (free < here)
            {
                return cluster + free - first;
            }

            cluster += here;
        }

        return count;
    }

    /// <summary>Whether a cluster is in the set.</summary>
    public bool Contains(long cluster) =>
        ((FindChunk(cluster >> ChunkBits) is { } chunk ? chunk[WordOf(cluster)] : ScatteredWord(cluster >> WordBits)) & MaskOf(cluster, 1)) != 0;

    /// <summary>All clusters in the set, from the largest down. Time and memory depend on how many there are, not on their numbers.</summary>
    public IEnumerable<long> Descending()
    {
        foreach ((long word, ulong bits) in WordsDescending())
        {
            for (int bit = WordSize - 1; bit >= 0; bit--)
            {
                if ((bits & (1UL << bit)) != 0)
                {
                    yield return (word << WordBits) | (long)bit;
                }
            }
        }
    }

    private static int WordOf(long cluster) => (int)(cluster & ((1 << ChunkBits) - 1)) >> WordBits;

    // The bits of clusters that share a word.
    private static ulong MaskOf(long cluster, int count) => (ulong.MaxValue >> (WordSize - count)) << (int)(cluster & (WordSize - 1));

    // How many clusters of a range share the word of its first one.
    private static int InWord(long cluster, long count) => (int)Math.Min(count, WordSize - (cluster & (WordSize - 1)));

    private static int CountFreeBits(ulong[] chunk, int first, int count)
    {
        (int word, ulong mask, int lastWord, ulong lastMask) = Words(first, count);
        for (; word < lastWord; mask = ulong.MaxValue)
        {
            if ((chunk[word] & mask) is var bits && bits != 0)
            {
                return (word * WordSize) + LowestBit(bits) - first;
            }

            word++;
            if (word < lastWord && chunk[word] == 0)
            {
                word += EntryScan.CountEqual(chunk.AsSpan(word, lastWord - word), 0UL);
            }
        }

        return (chunk[word] & mask & lastMask) is var last && last != 0 ? (word * WordSize) + LowestBit(last) - first : count;
    }

    // Of a word that is not 0.
    private static int LowestBit(ulong word)
    {
        int bit = 0;
        for (int half = WordSize / 2; half > 0; half /= 2)
        {
            if ((word & ((1UL << half) - 1)) == 0)
            {
                word >>= half;
                bit += half;
            }
        }

        return bit;
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
        return (first >> WordBits, ulong.MaxValue << (first & (WordSize - 1)), last >> WordBits, ulong.MaxValue >> (WordSize - 1 - (last & (WordSize - 1))));
    }

    private bool Insert(long cluster)
    {
        ulong mask = MaskOf(cluster, 1);
        if (FindOrAddChunk(cluster >> ChunkBits) is { } chunk)
        {
            ref ulong word = ref chunk[WordOf(cluster)];
            bool isNew = (word & mask) == 0;
            word |= mask;
            return isNew;
        }

        ulong scattered = ScatteredWord(cluster >> WordBits);
        _scattered[cluster >> WordBits] = scattered | mask;
        return (scattered & mask) == 0;
    }

    private ulong ScatteredWord(long number) => _scattered.TryGetValue(number, out ulong word) ? word : 0;

    private long CountFreeScattered(long first, long count)
    {
        int here;
        for (long done = 0; done < count; done += here)
        {
            here = InWord(first + done, count - done);
            if ((ScatteredWord((first + done) >> WordBits) & MaskOf(first + done, here)) is var bits && bits != 0)
            {
                return done + LowestBit(bits) - ((first + done) & (WordSize - 1));
            }
        }

        return count;
    }

    // The words with members, without those that have none.
    private IEnumerable<(long Number, ulong Bits)> WordsDescending()
    {
        long[] scattered = [.. _scattered.Keys];
        long[] numbers = [.. _chunks.Keys];
        Array.Sort(scattered);
        Array.Sort(numbers);
        int left = scattered.Length;
        for (int i = numbers.Length - 1; i >= 0; i--)
        {
            long firstWord = numbers[i] * ChunkWords;
            for (; left > 0 && scattered[left - 1] > firstWord; left--)
            {
                yield return (scattered[left - 1], _scattered[scattered[left - 1]]);
            }

            ulong[] chunk = _chunks[numbers[i]];
            for (int at = ChunkWords - 1; at >= 0; at--)
            {
                if (chunk[at] != 0)
                {
                    yield return (firstWord + at, chunk[at]);
                }
            }
        }

        for (; left > 0; left--)
        {
            yield return (scattered[left - 1], _scattered[scattered[left - 1]]);
        }
    }

    // Null if a chunk is not worth its memory.
    private ulong[]? FindOrAddChunk(long number)
    {
        ulong[]? chunk = FindChunk(number);
        if (chunk is not null || (_chunks.Count + 1L) * ChunkBytes > Allowance + (Count * BytesPerMember))
        {
            return chunk;
        }

        chunk = new ulong[ChunkWords];
        for (int at = 0; at < ChunkWords && _scattered.Count > 0; at++)
        {
            if (_scattered.TryGetValue((number * ChunkWords) + at, out chunk[at]))
            {
                _scattered.Remove((number * ChunkWords) + at);
            }
        }

        _chunks.Add(number, chunk);
        _lastNumber = number;
        _last = chunk;
        return chunk;
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
