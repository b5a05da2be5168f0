using System.Collections.Generic;
using System.Linq;

namespace QedTools.Operations;

/// <summary>The ranges of a disk that could not be read. May be added to by many threads, in any order, but each range once.</summary>
internal sealed class LostRanges
{
    /// <summary>How many ranges a result lists.</summary>
    public const int MaxListed = 10_000;

    // Beyond this only the bytes are counted, so that memory stays bounded.
    private const int MaxKept = 1 << 20;

    private readonly object _lock = new();
    private List<(long Start, long End)> _ranges = [];
    private int _joinAt = MaxKept;

    /// <summary>Their length in all, in bytes.</summary>
    public long Bytes { get; private set; }

    /// <summary>Adds a range.</summary>
    /// <param name="start">Where it begins, in bytes.</param>
    /// <param name="length">Its length, in bytes.</param>
    public void Add(long start, long length)
    {
        lock (_lock)
        {
            Bytes += length;
            int last = _ranges.Count - 1;
            if (last >= 0 && _ranges[last].End == start)
            {
                _ranges[last] = (_ranges[last].Start, start + length);
                return;
            }

            if (_ranges.Count >= _joinAt)
            {
                // Threads that take turns leave neighbours apart.
                _ranges = Joined();
                _joinAt = _ranges.Count < MaxKept / 2 ? MaxKept : int.MaxValue;
            }

            if (_ranges.Count < MaxKept)
            {
                _ranges.Add((start, start + length));
            }
        }
    }

    /// <summary>The first <see cref="MaxListed"/> of them, in order, joined where they touch.</summary>
    public IReadOnlyList<QedRange> ToList()
    {
        lock (_lock)
        {
            return new ResultList<QedRange>([.. Joined().Take(MaxListed).Select(range => new QedRange(range.Start, range.End - range.Start))]);
        }
    }

    private List<(long Start, long End)> Joined()
    {
        List<(long Start, long End)> joined = [];
        foreach ((long start, long end) in _ranges.OrderBy(range => range.Start))
        {
            int last = joined.Count - 1;
            if (last >= 0 && joined[last].End == start)
            {
                joined[last] = (joined[last].Start, end);
            }
            else
            {
                joined.Add((start, end));
            }
        }

        return joined;
    }
}
