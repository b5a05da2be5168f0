using System;
using System.Collections.Generic;

namespace QedTools.Qed.Checking;

/// <summary>
/// A set of cluster numbers whose memory follows the number of clusters put into it, wherever in the file they claim to
/// be: a bitmap in chunks where they lie close together, a hash set for the rest.
/// </summary>
/// <remarks>
/// A chunk is allocated as long as all chunks together stay below a fixed allowance plus <see cref="BytesPerMember"/>
/// bytes for each member. A hostile image whose entries are scattered over a huge file so costs a few dozen bytes per
/// entry that is really there, and an honest one costs one bit per cluster.
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

    /// <summary>The largest cluster number ever put in; -1 for an empty set.</summary>
    public long Largest { get; private set; } = -1;

    /// <summary>Puts a cluster in.</summary>
    /// <returns>False if it was in already.</returns>
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

    /// <summary>Whether a cluster is in.</summary>
    public bool Contains(long cluster) =>
        (FindChunk(cluster >> ChunkBits) is { } chunk && (chunk[WordOf(cluster)] & MaskOf(cluster)) != 0)
        || (_scattered.Count > 0 && _scattered.Contains(cluster));

    private static int WordOf(long cluster) => (int)(cluster & ((1 << ChunkBits) - 1)) >> 6;

    private static ulong MaskOf(long cluster) => 1UL << (int)(cluster & 63);

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
