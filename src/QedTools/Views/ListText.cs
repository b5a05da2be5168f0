using System;
using System.Collections;
using System.Globalization;
using System.Text;

namespace QedTools;

/// <summary>Formats the parts of a result for the list views, one line each.</summary>
public static class ListText
{
    private const int MaxLines = 10;

    /// <summary>The first ten items, and how many more there are.</summary>
    /// <param name="items">The items, or the first of them; null for none.</param>
    /// <param name="count">The total number of items.</param>
    public static string Of(IEnumerable? items, long count)
    {
        StringBuilder text = new();
        int lines = 0;
        foreach (object? item in items ?? Array.Empty<object>())
        {
            if (lines == MaxLines)
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
