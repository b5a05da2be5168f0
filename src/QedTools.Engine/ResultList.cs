using System.Collections.Generic;
using System.Collections.ObjectModel;
using System.Globalization;
using System.Linq;

namespace QedTools;

/// <summary>A list in a result that also reads well as plain text, such as in a column of a CSV file.</summary>
internal sealed class ResultList<T>(IList<T> items) : ReadOnlyCollection<T>(items)
{
    private const int MaxShown = 10;

    /// <summary>The first items, and how many more there are; empty if there are none.</summary>
    public override string ToString()
    {
        string shown = string.Join(" | ", this.Take(MaxShown));
        return Count <= MaxShown ? shown : string.Format(CultureInfo.InvariantCulture, "{0} | and {1} more", shown, Count - MaxShown);
    }
}
