using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;

namespace QedTools.Tests.Independent;

/// <summary>The results of a fuzzer run: broken rules by kind, with their first examples, and counts.</summary>
internal sealed class Findings
{
    private const int ExamplesKept = 4;

    private readonly SortedDictionary<string, (int Count, List<string> Examples)> _broken = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, long> _counts = new(StringComparer.Ordinal);

    public bool Any => _broken.Count > 0;

    /// <summary>Records that a rule was broken.</summary>
    /// <returns>Whether the example was kept.</returns>
    public bool Broken(string rule, string example)
    {
        (int count, List<string> examples) = _broken.TryGetValue(rule, out (int, List<string>) known) ? known : (0, []);
        bool isKept = examples.Count < ExamplesKept;
        if (isKept)
        {
            examples.Add(example);
        }

        _broken[rule] = (count + 1, examples);
        return isKept;
    }

    public void Count(string what, long more = 1) => _counts[what] = _counts.GetValueOrDefault(what) + more;

    public void Highest(string what, long value) => _counts[what] = Math.Max(_counts.GetValueOrDefault(what), value);

    public string Figures() =>
        string.Join(", ", _counts.Select(count => string.Create(CultureInfo.InvariantCulture, $"{count.Key} {count.Value:N0}")));

    public override string ToString()
    {
        StringBuilder text = new();
        foreach ((string rule, (int count, List<string> examples)) in _broken)
        {
            text.Append(CultureInfo.InvariantCulture, $"{rule} ({count} times)").AppendLine();
            foreach (string example in examples)
            {
                text.Append("    ").AppendLine(example);
            }
        }

        return text.ToString();
    }
}
