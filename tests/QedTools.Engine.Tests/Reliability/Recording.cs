using System.Collections.Generic;
using System.Linq;

namespace QedTools.Tests.Reliability;

/// <summary>What an operation found, and everything it changed.</summary>
/// <param name="Before">The files before it, by name.</param>
/// <param name="Numbers">The numbers by which the events know them.</param>
/// <param name="Events">What was done, in order.</param>
internal sealed record Recording(
    IReadOnlyDictionary<string, byte[]> Before, IReadOnlyDictionary<string, int> Numbers, IReadOnlyList<HostEvent> Events)
{
    /// <summary>The places of all flushes.</summary>
    public IEnumerable<int> Flushes => Enumerable.Range(0, Events.Count).Where(i => Events[i].IsFlush);

    /// <summary>The same operation, had it forgotten some flushes.</summary>
    public Recording Without(IReadOnlyCollection<int> flushes) => this with
    {
        Events = [.. Events.Select((e, i) => flushes.Contains(i) ? e with { Kind = HostEventKind.Nothing } : e)],
    };
}
