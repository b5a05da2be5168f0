using System;
using System.Management.Automation;
using System.Management.Automation.Host;

namespace QedTools.Shell.Hosting;

/// <summary>
/// The colours of messages. They are those of <c>$PSStyle</c>: the user changes them where PowerShell's users do.
/// </summary>
internal static class Style
{
    private const char Escape = '\e';

    /// <summary>The escape sequence that errors begin with.</summary>
    public static string Error => PSStyle.Instance.Formatting.Error;

    /// <summary>The escape sequence that warnings begin with.</summary>
    public static string Warning => PSStyle.Instance.Formatting.Warning;

    /// <summary>The escape sequence that verbose messages begin with.</summary>
    public static string Verbose => PSStyle.Instance.Formatting.Verbose;

    /// <summary>The escape sequence that debug messages begin with.</summary>
    public static string Debug => PSStyle.Instance.Formatting.Debug;

    /// <summary>The escape sequence of progress.</summary>
    public static string Progress => PSStyle.Instance.Progress.Style;

    /// <summary>The escape sequence of what a question is about, and of the answer that Enter gives.</summary>
    public static string Emphasis => PSStyle.Instance.Bold;

    /// <summary>The text in a colour; text that has its own keeps it.</summary>
    public static string Colored(string sequence, string text)
        => text.Length == 0 || text.Contains(Escape) ? text : sequence + text + PSStyle.Instance.Reset;

    /// <summary>The text in console colours; a colour that the terminal does not tell (-1) changes nothing.</summary>
    public static string Colored(ConsoleColor foreground, ConsoleColor background, string text)
    {
        string sequence = string.Concat(
            Enum.IsDefined(foreground) ? PSStyle.MapForegroundColorToEscapeSequence(foreground) : string.Empty,
            Enum.IsDefined(background) ? PSStyle.MapBackgroundColorToEscapeSequence(background) : string.Empty);
        return sequence.Length == 0 || text.Length == 0 ? text : sequence + text + PSStyle.Instance.Reset;
    }

    /// <summary>The text as a stream with or without colours takes it.</summary>
    public static string Printable(string text, bool color) => PSHostUserInterface.GetOutputString(text, color);
}
