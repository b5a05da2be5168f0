using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;

namespace QedTools.Tests.Help;

/// <summary>Converts texts for comparison: reduces them to words, without markdown.</summary>
internal static partial class HelpText
{
    /// <summary>The paragraphs of a markdown text; a list without empty lines is one paragraph.</summary>
    public static IEnumerable<string> Paragraphs(string markdown) =>
        BlankLines().Split(Plain(markdown).Trim()).Where(paragraph => paragraph.Length > 0).Select(Words);

    /// <summary>A markdown text with links and code reduced to their text.</summary>
    public static string Plain(string markdown) => Code().Replace(Link().Replace(markdown, "$1"), "$1");

    /// <summary>A text with exactly one space between words.</summary>
    public static string Words(string text) => Spaces().Replace(text.Trim(), " ");

    /// <summary>The markdown syntax that is left in a text.</summary>
    public static IEnumerable<string> Residue(string text) => Marks().Matches(text).Select(match => match.Value);

    [GeneratedRegex(@"\n\s*\n")]
    private static partial Regex BlankLines();

    [GeneratedRegex(@"\[([^\]]+)\]\([^)]+\)")]
    private static partial Regex Link();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();

    // Fences, code, links, bold text, escapes, headings, comments.
    [GeneratedRegex(@"`|\]\(|\*\*|__|\\[-_*\[\]<>]|^#+ |<!--", RegexOptions.Multiline)]
    private static partial Regex Marks();
}
