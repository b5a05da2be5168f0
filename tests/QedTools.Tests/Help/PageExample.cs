using System;
using System.Collections.Generic;

namespace QedTools.Tests.Help;

/// <summary>An example on a page.</summary>
internal sealed class PageExample
{
    /// <summary>Reads an example from the section EXAMPLES.</summary>
    /// <param name="title">The heading.</param>
    /// <param name="body">The text under the heading.</param>
    public PageExample(string title, string body)
    {
        List<string> shown = [];
        List<string> text = [];
        bool isCode = false;
        foreach (string line in body.Split('\n'))
        {
            if (line.StartsWith("```", StringComparison.Ordinal))
            {
                isCode = !isCode;
                if (isCode && shown.Count > 0)
                {
                    shown.Add(string.Empty);
                }
            }
            else
            {
                (isCode ? shown : text).Add(line);
            }
        }

        Title = title;
        Shown = string.Join('\n', shown);
        Text = string.Join('\n', text);
    }

    /// <summary>The heading.</summary>
    public string Title { get; }

    /// <summary>The commands and their output, separated by an empty line.</summary>
    public string Shown { get; }

    /// <summary>The explanation.</summary>
    public string Text { get; }
}
