using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;

namespace QedTools.Tests.Help;

/// <summary>A cmdlet's page in docs/en-US (PlatyPS schema 2024-05-01), and its contents as lines that can be compared.</summary>
internal sealed partial class HelpPage
{
    private readonly Dictionary<string, string> _metadata;
    private readonly Dictionary<string, string> _sections;

    private HelpPage(string text)
    {
        string[] parts = FrontMatter().Split(text, 3);
        _metadata = parts[1].Trim().Split('\n').Select(line => line.Split(": ", 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        _sections = Split(parts[2], "## ").ToDictionary(section => section.Title, section => section.Body);
        Name = _metadata["title"];
        Parameters = [.. Split(Section("PARAMETERS"), "### -").Where(part => part.Title != "CommonParameters" && !part.Title.StartsWith("### ", StringComparison.Ordinal)).Select(part => new PageParameter(part.Title, part.Body))];
        Syntaxes = [.. Split(Section("SYNTAX"), "### ").Select(part => new PageSyntax(part.Title, part.Body))];
        Examples = [.. Split(Section("EXAMPLES"), "### ").Select(part => new PageExample(part.Title, part.Body))];
    }

    /// <summary>The cmdlet's name.</summary>
    public string Name { get; }

    /// <summary>The parameters, in the page's order, without the common ones.</summary>
    public IReadOnlyList<PageParameter> Parameters { get; }

    /// <summary>The parameter sets, in the page's order.</summary>
    public IReadOnlyList<PageSyntax> Syntaxes { get; }

    /// <summary>The examples.</summary>
    public IReadOnlyList<PageExample> Examples { get; }

    /// <summary>The front matter that PlatyPS uses.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _metadata;

    /// <summary>The titles of the page's sections.</summary>
    public IEnumerable<string> Titles => _sections.Keys;

    /// <summary>The output types that the page lists.</summary>
    public IEnumerable<string> OutputTypes => Split(Section("OUTPUTS"), "### ").Select(part => part.Title);

    /// <summary>Reads the page of a cmdlet.</summary>
    public static HelpPage Read(string name) => new(HelpFolders.Read(HelpFolders.Pages, name + ".md"));

    /// <summary>The names of all cmdlets that have a page.</summary>
    public static IEnumerable<string> Names() =>
        Directory.EnumerateFiles(HelpFolders.Pages, "*-*.md").Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal);

    /// <summary>Everything that Get-Help should show, a line for each fact, in the same form as <see cref="MamlCommand.Facts"/>.</summary>
    public IEnumerable<string> Facts()
    {
        yield return $"synopsis: {HelpText.Words(HelpText.Plain(Section("SYNOPSIS")))}";
        foreach (string line in Say("description", Section("DESCRIPTION")))
        {
            yield return line;
        }

        foreach (PageSyntax syntax in Syntaxes)
        {
            yield return $"syntax: {Name}";
            foreach (string name in syntax.ParameterNames)
            {
                PageParameter parameter = Parameters.Single(candidate => candidate.Name == name);
                yield return $"syntax has: {parameter.Fact(syntax.Name)}";
            }
        }

        foreach (PageParameter parameter in Parameters)
        {
            yield return $"parameter: {parameter.Fact(null)}";
            foreach (string line in Say("parameter says", parameter.Description))
            {
                yield return line;
            }
        }

        foreach (string line in Typed("input", "INPUTS").Concat(Typed("output", "OUTPUTS")).Concat(Say("note", Section("NOTES"))))
        {
            yield return line;
        }

        foreach (PageExample example in Examples)
        {
            yield return $"example: {example.Title}";
            yield return $"example shows:\n{example.Shown}";
            foreach (string line in Say("example says", example.Text))
            {
                yield return line;
            }
        }

        foreach (Match link in LinkText().Matches(Section("RELATED LINKS")))
        {
            yield return $"link: {link.Groups[1].Value}";
        }
    }

    private static IEnumerable<string> Say(string what, string markdown) => HelpText.Paragraphs(markdown).Select(paragraph => $"{what}: {paragraph}");

    private IEnumerable<string> Typed(string what, string section) => Split(Section(section), "### ")
        .SelectMany(part => Say($"{what} says", part.Body).Prepend($"{what}: {part.Title}"));

    private string Section(string title) => _sections.TryGetValue(title, out string? body)
        ? body
        : throw new InvalidDataException($"The page of {Name} has no section {title}.");

    // The parts of a text that begin with a heading of one level; headings inside fences are ignored.
    private static IEnumerable<(string Title, string Body)> Split(string text, string mark)
    {
        List<string>? body = null;
        string title = string.Empty;
        bool isCode = false;
        foreach (string line in text.Split('\n'))
        {
            isCode ^= line.StartsWith("```", StringComparison.Ordinal);
            if (!isCode && line.StartsWith(mark, StringComparison.Ordinal))
            {
                if (body is not null)
                {
                    yield return (title, string.Join('\n', body));
                }

                (title, body) = (line[mark.Length..].Trim(), []);
            }
            else if (!isCode && mark == "### -" && line.StartsWith("### ", StringComparison.Ordinal))
            {
                // The common parameters, which end the list.
                break;
            }
            else
            {
                body?.Add(line);
            }
        }

        if (body is not null)
        {
            yield return (title, string.Join('\n', body));
        }
    }

    [GeneratedRegex(@"^---\n", RegexOptions.Multiline)]
    private static partial Regex FrontMatter();

    [GeneratedRegex(@"^- \[([^\]]+)\]\(", RegexOptions.Multiline)]
    private static partial Regex LinkText();
}
