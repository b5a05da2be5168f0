using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.RegularExpressions;

namespace QedTools.Tests.Help;

/// <summary>A parameter set, as the SYNTAX section of a page writes it.</summary>
internal sealed partial class PageSyntax
{
    private const string DefaultSuffix = " (Default)";

    /// <summary>Reads a parameter set from the section.</summary>
    /// <param name="title">The heading.</param>
    /// <param name="body">The text under the heading.</param>
    public PageSyntax(string title, string body)
    {
        IsDefault = title.EndsWith(DefaultSuffix, StringComparison.Ordinal);
        Name = IsDefault ? title[..^DefaultSuffix.Length] : title;
        Text = HelpText.Words(body.Replace("```", string.Empty, StringComparison.Ordinal));
    }

    /// <summary>The set's name.</summary>
    public string Name { get; }

    /// <summary>Whether it is the default set.</summary>
    public bool IsDefault { get; }

    /// <summary>The syntax, on one line.</summary>
    public string Text { get; }

    /// <summary>The parameters, in the syntax's order.</summary>
    public IEnumerable<string> ParameterNames => Parameter().Matches(Text).Select(match => match.Groups[1].Value);

    [GeneratedRegex(@"(?<=[\s\[])-(\w+)")]
    private static partial Regex Parameter();
}
