using System.Collections.Generic;
using System.Linq;

namespace QedTools.Tests.Reliability;

/// <summary>The files before an operation, and every change that it made.</summary>
/// <param name="Before">The files before it, by name.</param>
/// <param name="Numbers">The numbers by which the events refer to them.</param>
/// <param name="Events">The changes, in order.</param>
internal sealed record Recording(
    IReadOnlyDictionary<string, byte[]> Before, IReadOnlyDictionary<string, int> Numbers, IReadOnlyList<HostEvent> Events)
{
    /// <summary>The indexes of all flushes.</summary>
    public IEnumerable<int> Flushes => Enumerable.Range(0, Events.Count).Where(i => Events[i].IsFlush);

    /// <summary>The same operation without some of its flushes.</summary>
    public Recording Without(IReadOnlyCollection<int> flushes) => this with
    {
        Events = [.. Events.Select((e, i) => flushes.Contains(i) ? e with { Kind = HostEventKind.Nothing } : e)],
    };
}
