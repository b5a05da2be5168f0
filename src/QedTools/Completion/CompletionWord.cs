using System;
using System.Management.Automation.Language;
using System.Text;

namespace QedTools.Completion;

/// <summary>The word being typed where an argument is completed: its quotes and the text inside them.</summary>
internal readonly record struct CompletionWord
{
    private const string SingleQuotes = "'\u2018\u2019\u201A\u201B";
    private const string DoubleQuotes = "\"\u201C\u201D\u201E";
    private const string Dashes = "-\u2013\u2014\u2015";
    private const string Special = ";,&|(){}$`<>*?[]" + SingleQuotes + DoubleQuotes;

    private readonly bool _isDoubleQuoted;

    /// <param name="typed">The word as PowerShell passes it to a completer, with the quotes typed so far.</param>
    public CompletionWord(string typed)
    {
        bool isSingleQuoted = typed.Length > 0 && Contains(SingleQuotes, typed[0]);
        _isDoubleQuoted = typed.Length > 0 && Contains(DoubleQuotes, typed[0]);
        string inside = typed;
        if (isSingleQuoted || _isDoubleQuoted)
        {
            string quotes = isSingleQuoted ? SingleQuotes : DoubleQuotes;
            int end = typed.Length > 1 && Contains(quotes, typed[typed.Length - 1]) ? typed.Length - 1 : typed.Length;
            inside = typed.Substring(1, end - 1);
        }

        Text = isSingleQuoted ? inside.Replace("''", "'") : WithoutBackticks(inside);
    }

    /// <summary>The string that the word stands for.</summary>
    public string Text { get; init; }

    /// <summary>Quotes a string for the command line: in the double quotes that the word began with, otherwise in single quotes if it needs any.</summary>
    public string Quote(string text)
    {
        if (_isDoubleQuoted)
        {
            StringBuilder escaped = new("\"");
            foreach (char character in text)
            {
                if (character is '`' or '$' || Contains(DoubleQuotes, character))
                {
                    escaped.Append('`');
                }

                escaped.Append(character);
            }

            return escaped.Append('"').ToString();
        }

        return NeedsQuotes(text) ? "'" + CodeGeneration.EscapeSingleQuotedStringContent(text) + "'" : text;
    }

    private static bool NeedsQuotes(string text)
    {
        if (text.Length == 0 || text[0] is '@' or '#' || Contains(Dashes, text[0]))
        {
            return true;
        }

        foreach (char character in text)
        {
            if (char.IsWhiteSpace(character) || Contains(Special, character))
            {
                return true;
            }
        }

        return false;
    }

    // In a bare word and in double quotes, a backtick escapes the next character.
    private static string WithoutBackticks(string text)
    {
        if (!Contains(text, '`'))
        {
            return text;
        }

        StringBuilder plain = new(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '`' && i + 1 < text.Length)
            {
                i++;
            }

            plain.Append(text[i]);
        }

        return plain.ToString();
    }

    private static bool Contains(string characters, char character) => characters.AsSpan().IndexOf(character) >= 0;
}
