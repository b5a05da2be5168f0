using System;
using System.Collections;
using System.Globalization;
using System.Text;

namespace QedTools;

/// <summary>Writes what a result consists of for the list views, a line each.</summary>
public static class ListText
{
    private const int MostLines = 10;

    /// <summary>The first ten, and how many there are beyond.</summary>
    /// <param name="items">What there is, or the first of it; null for nothing.</param>
    /// <param name="count">How many there are in all.</param>
    public static string Of(IEnumerable? items, long count)
    {
        StringBuilder text = new();
        int lines = 0;
        foreach (object? item in items ?? Array.Empty<object>())
        {
            if (lines == MostLines)
            {
                break;
            }

            text.Append(lines == 0 ? string.Empty : "\n").Append(PrintableText.Of(item?.ToString()));
            lines++;
        }

        return lines < count && lines > 0
            ? text.AppendFormat(CultureInfo.CurrentCulture, "\n... and {0} more", count - lines).ToString()
            : text.ToString();
    }
}
