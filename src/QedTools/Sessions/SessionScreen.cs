// What the session's screen can display; if that cannot be determined, the minimum is assumed.
using System;
using System.IO;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Text;

namespace QedTools.Sessions;

/// <summary>The capabilities of the screen that a session writes to.</summary>
internal static class SessionScreen
{
    private const int DefaultWidth = 80;
    private const int MinWidth = 20;
    private const int MaxWidth = 1000;

    /// <summary>How many columns a line may take. The last column of the screen is left free, because some consoles wrap the line after it.</summary>
    public static int Width(PSCmdlet command)
    {
        try
        {
            int width = command.Host.UI?.RawUI?.WindowSize.Width ?? 0;
            return width <= 0 ? DefaultWidth : Math.Min(Math.Max(width - 1, MinWidth), MaxWidth);
        }
        catch (Exception e) when (e is HostException or NotImplementedException or NotSupportedException or InvalidOperationException or IOException)
        {
            return DefaultWidth;
        }
    }

    /// <summary>
    /// Whether the screen shows colours, provided that the text reaches it. <c>$PSStyle.OutputRendering</c> decides if it is
    /// Ansi or PlainText; otherwise the output must be a terminal, and NO_COLOR (https://no-color.org) must not be set.
    /// </summary>
    /// <remarks>
    /// Without <c>$PSStyle</c>, that is before PowerShell 7.2, nothing strips the colours when text goes to a file after all, so
    /// there are none.
    /// </remarks>
    public static bool ShowsColor(PSCmdlet command)
    {
        object? style = command.SessionState.PSVariable.GetValue("PSStyle");
        string? rendering = style is null ? null : PSObject.AsPSObject(style).Properties["OutputRendering"]?.Value?.ToString();
        return rendering switch
        {
            null or "PlainText" => false,
            "Ansi" => true,
            _ => command.Host.UI?.SupportsVirtualTerminal == true
                && !Console.IsOutputRedirected
                && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
                && Environment.GetEnvironmentVariable("TERM") != "dumb",
        };
    }

    /// <summary>Whether the output encoding can represent all of these characters.</summary>
    public static bool Shows(string characters)
    {
        Encoding encoding = Console.OutputEncoding;
        return encoding.GetString(encoding.GetBytes(characters)) == characters;
    }
}
