using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;

namespace QedTools.Tests.Help;

/// <summary>A parameter set as a page's SYNTAX section writes it.</summary>
internal sealed partial class PageSyntax
{
    private const string DefaultMark = " (Default)";

    /// <summary>Reads a part of the section.</summary>
    /// <param name="title">Its heading.</param>
    /// <param name="body">What is under it.</param>
    public PageSyntax(string title, string body)
    {
        IsDefault = title.EndsWith(DefaultMark, StringComparison.Ordinal);
        Name = IsDefault ? title[..^DefaultMark.Length] : title;
        Text = HelpText.Words(body.Replace("```", string.Empty, StringComparison.Ordinal));
    }

    /// <summary>The set's name.</summary>
    public string Name { get; }

    /// <summary>Whether it is the default one.</summary>
    public bool IsDefault { get; }

    /// <summary>The syntax, in one line.</summary>
    public string Text { get; }

    /// <summary>The parameters, in the syntax's order.</summary>
    public IEnumerable<string> ParameterNames => Parameter().Matches(Text).Select(match => match.Groups[1].Value);

    [GeneratedRegex(@"(?<=[\s\[])-(\w+)")]
    private static partial Regex Parameter();
}
