using System.Collections.Generic;
using System.Linq;

namespace QedTools.Pictures;

/// <summary>Labels evenly spaced offsets, exactly and all in the same unit.</summary>
internal sealed class OffsetRuler
{
    private readonly long _origin;
    private readonly long _step;
    private readonly int _unit;

    /// <param name="origin">The first offset, in bytes.</param>
    /// <param name="step">The distance from one to the next, in bytes: a multiple of 512.</param>
    public OffsetRuler(long origin, long step)
    {
        _origin = origin;
        _step = step;
        _unit = System.Math.Min(ByteSize.LargestExactUnit(origin), ByteSize.LargestExactUnit(step));
    }

    /// <summary>The label of one of the offsets.</summary>
    /// <param name="index">0 for the first one.</param>
    public string this[int index] => ByteSize.FormatIn(_origin + index * _step, _unit);

    /// <summary>The length of the longest of the first labels.</summary>
    /// <param name="count">The number of labels; at least 1.</param>
    public int WidthOf(int count) => Labels(count).Max(label => label.Length);

    private IEnumerable<string> Labels(int count) => Enumerable.Range(0, count).Select(index => this[index]);
}
