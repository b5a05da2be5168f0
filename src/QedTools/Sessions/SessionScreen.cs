// What the session's screen can show; where that cannot be told, as little as possible.
using System;
using System.IO;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Text;

namespace QedTools.Sessions;

/// <summary>What the screen that a session writes to can show.</summary>
internal static class SessionScreen
{
    private const int DefaultWidth = 80;
    private const int LeastWidth = 20;
    private const int MostWidth = 1000;

    /// <summary>How many columns a line may take. The last one is left free: some consoles break the line behind it.</summary>
    public static int Width(PSCmdlet command)
    {
        try
        {
            int width = command.Host.UI?.RawUI?.WindowSize.Width ?? 0;
            return width <= 0 ? DefaultWidth : Math.Min(Math.Max(width - 1, LeastWidth), MostWidth);
        }
        catch (Exception e) when (e is HostException or NotImplementedException or NotSupportedException or InvalidOperationException or IOException)
        {
            return DefaultWidth;
        }
    }

    /// <summary>
    /// Whether the screen shows colours, as long as the text gets there. <c>$PSStyle.OutputRendering</c> decides where it says
    /// Ansi or PlainText; else the output must be a terminal, and NO_COLOR (https://no-color.org) must not be set.
    /// </summary>
    /// <remarks>
    /// Without <c>$PSStyle</c>, before PowerShell 7.2, nothing takes colours out again where text goes to a file after all. So
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

    /// <summary>Whether the encoding of the output has all of these characters.</summary>
    public static bool Shows(string characters)
    {
        Encoding encoding = Console.OutputEncoding;
        return encoding.GetString(encoding.GetBytes(characters)) == characters;
    }
}
