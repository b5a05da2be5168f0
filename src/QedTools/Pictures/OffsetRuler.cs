using System.Collections.Generic;
using System.Linq;

namespace QedTools.Pictures;

/// <summary>Names offsets that are a step apart, exactly and all in one unit.</summary>
internal sealed class OffsetRuler
{
    private readonly long _origin;
    private readonly long _step;
    private readonly int _unit;

    /// <param name="origin">The first offset, in bytes.</param>
    /// <param name="step">From one to the next, in bytes: a multiple of 512.</param>
    public OffsetRuler(long origin, long step)
    {
        _origin = origin;
        _step = step;
        _unit = System.Math.Min(ByteSize.LargestExactUnit(origin), ByteSize.LargestExactUnit(step));
    }

    /// <summary>The name of one of the offsets.</summary>
    /// <param name="index">0 for the first one.</param>
    public string this[int index] => ByteSize.FormatIn(_origin + index * _step, _unit);

    /// <summary>The length of the longest of the first names.</summary>
    /// <param name="count">How many there are; at least 1.</param>
    public int WidthOf(int count) => Names(count).Max(name => name.Length);

    private IEnumerable<string> Names(int count) => Enumerable.Range(0, count).Select(index => this[index]);
}
