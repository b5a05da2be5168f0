using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace QedTools.Pictures;

/// <summary>Measures and fits texts in columns of a terminal.</summary>
internal static class DisplayText
{
    // East Asian Width W and F (Unicode Standard Annex 11), by blocks.
    private static readonly (int First, int Last)[] Wide =
    [
        (0x1100, 0x115F), (0x2E80, 0x303E), (0x3041, 0xA4CF), (0xA960, 0xA97F), (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFE30, 0xFE6F),
        (0xFF00, 0xFF60), (0xFFE0, 0xFFE6), (0x1F300, 0x1F64F), (0x1F680, 0x1F6FF), (0x1F900, 0x1F9FF), (0x20000, 0x3FFFD),
    ];

    /// <summary>The number of terminal columns that a text takes.</summary>
    public static int Columns(string text)
    {
        int columns = 0;
        for (int i = 0; i < text.Length; i += StepAt(text, i))
        {
            columns += ColumnsAt(text, i);
        }

        return columns;
    }

    /// <summary>The text, or as much of its start as fits, followed by an ellipsis.</summary>
    /// <param name="text">The text.</param>
    /// <param name="columns">The available columns; at least as many as the ellipsis takes.</param>
    /// <param name="more">The ellipsis, such as "...".</param>
    public static string Fit(string text, int columns, string more)
    {
        if (Columns(text) <= columns)
        {
            return text;
        }

        int left = columns - more.Length;
        int end = 0;
        while (end < text.Length && left >= ColumnsAt(text, end))
        {
            left -= ColumnsAt(text, end);
            end += StepAt(text, end);
        }

        return new StringBuilder().Append(text, 0, end).Append(more).ToString();
    }

    /// <summary>The text, padded with spaces on the right.</summary>
    public static string Pad(string text, int columns) => text + new string(' ', Math.Max(0, columns - Columns(text)));

    /// <summary>The text as lines, wrapped between words.</summary>
    /// <param name="text">Words separated by single spaces.</param>
    /// <param name="columns">The available columns; a longer word gets a line to itself.</param>
    public static IEnumerable<string> Wrap(string text, int columns)
    {
        StringBuilder line = new();
        foreach (string word in text.Split(' '))
        {
            if (line.Length > 0 && Columns(line.ToString()) + 1 + Columns(word) > columns)
            {
                yield return line.ToString();
                line.Clear();
            }

            line.Append(line.Length > 0 ? " " : string.Empty).Append(word);
        }

        yield return line.ToString();
    }

    private static int StepAt(string text, int index) => char.IsSurrogatePair(text, index) ? 2 : 1;

    private static int ColumnsAt(string text, int index)
    {
        if (CharUnicodeInfo.GetUnicodeCategory(text, index) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format)
        {
            return 0;
        }

        int rune = char.IsSurrogatePair(text, index) ? char.ConvertToUtf32(text, index) : text[index];
        return Array.Exists(Wide, block => block.First <= rune && rune <= block.Last) ? 2 : 1;
    }
}
