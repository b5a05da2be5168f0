using System;
using System.Collections.Generic;

namespace QedTools.Tests.Help;

/// <summary>An example of a page.</summary>
internal sealed class PageExample
{
    /// <summary>Reads a part of the section EXAMPLES.</summary>
    /// <param name="title">Its heading.</param>
    /// <param name="body">What is under it.</param>
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

    /// <summary>The commands and what they write, an empty line between them.</summary>
    public string Shown { get; }

    /// <summary>What is said of it.</summary>
    public string Text { get; }
}
