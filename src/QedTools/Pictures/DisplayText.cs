using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace QedTools.Pictures;

/// <summary>Texts measured in columns of a terminal.</summary>
internal static class DisplayText
{
    // East Asian Width W and F (Unicode Standard Annex 11), in blocks.
    private static readonly (int First, int Last)[] Wide =
    [
        (0x1100, 0x115F), (0x2E80, 0x303E), (0x3041, 0xA4CF), (0xA960, 0xA97F), (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFE30, 0xFE6F),
        (0xFF00, 0xFF60), (0xFFE0, 0xFFE6), (0x1F300, 0x1F64F), (0x1F680, 0x1F6FF), (0x1F900, 0x1F9FF), (0x20000, 0x3FFFD),
    ];

    /// <summary>How many columns of a terminal a text takes.</summary>
    public static int Columns(string text)
    {
        int columns = 0;
        for (int i = 0; i < text.Length; i += StepAt(text, i))
        {
            columns += ColumnsAt(text, i);
        }

        return columns;
    }

    /// <summary>The text, or as much of its start as fits, with a sign that some is missing.</summary>
    /// <param name="text">The text.</param>
    /// <param name="columns">How many columns there are; at least as many as the sign has.</param>
    /// <param name="more">The sign, such as "...".</param>
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

    /// <summary>The text with blanks behind it.</summary>
    public static string Pad(string text, int columns) => text + new string(' ', Math.Max(0, columns - Columns(text)));

    /// <summary>The text in lines, broken between words.</summary>
    /// <param name="text">Words with a blank between them.</param>
    /// <param name="columns">How many columns there are; a longer word gets a line of its own.</param>
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
