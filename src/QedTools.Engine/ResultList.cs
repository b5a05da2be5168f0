using System.Collections.Generic;
using System.Collections.ObjectModel;
using System.Globalization;
using System.Linq;

namespace QedTools;

/// <summary>Parts of a result that read well where only text has a place, such as a column of a CSV file.</summary>
internal sealed class ResultList<T>(IList<T> parts) : ReadOnlyCollection<T>(parts)
{
    private const int MaxShown = 10;

    /// <summary>The first parts, and how many more there are; empty without parts.</summary>
    public override string ToString()
    {
        string shown = string.Join(" | ", this.Take(MaxShown));
        return Count <= MaxShown ? shown : string.Format(CultureInfo.InvariantCulture, "{0} | and {1} more", shown, Count - MaxShown);
    }
}
