using System;
using System.Management.Automation;
using System.Management.Automation.Host;

namespace QedTools;

/// <summary>Colours the status of a check for the views, if colours are shown.</summary>
public static class StatusColor
{
    /// <summary>
    /// A status in the user's own colours from <c>$PSStyle</c>: the error colour for a damaged image, the warning colour for leaks, the
    /// accent colour for a clean one. Just the text without <c>$PSStyle</c> (before PowerShell 7.2), with NO_COLOR, and when the output
    /// goes to a file.
    /// </summary>
    /// <param name="status">The status, or the text of a check result, which begins with it.</param>
    /// <param name="style">The value of <c>$PSStyle</c>; null if it does not exist.</param>
    /// <param name="host">The host that shows it.</param>
    public static string Apply(string? status, object? style, PSHost? host) => Apply(
        status,
        style,
        host is { UI.SupportsVirtualTerminal: true }
            && !Console.IsOutputRedirected
            && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")));

    /// <param name="status">As above.</param>
    /// <param name="style">As above.</param>
    /// <param name="isScreen">Whether the output goes to a screen that shows colours; the user's setting in <c>$PSStyle</c> takes precedence.</param>
    internal static string Apply(string? status, object? style, bool isScreen)
    {
        string text = FirstWord(status ?? string.Empty);
        if (style is null || Property(Property(style, "Formatting"), ColorOf(text)) is not string { Length: > 0 } color)
        {
            return text;
        }

        bool isShown = Property(style, "OutputRendering")?.ToString() switch
        {
            "Ansi" => true,
            "Host" => isScreen,
            _ => false,
        };
        return isShown ? $"{color}{text}{Property(style, "Reset")}" : text;
    }

    private static string? ColorOf(string status) => status switch
    {
        nameof(QedCheckStatus.Corrupt) => "Error",
        nameof(QedCheckStatus.Leaks) => "Warning",
        nameof(QedCheckStatus.Clean) => "FormatAccent",
        _ => null,
    };

    private static string FirstWord(string text)
    {
        int colon = text.AsSpan().IndexOf(':');
        return colon < 0 ? text : text.Substring(0, colon);
    }

    // This module is not compiled against the types of PowerShell 7, so properties are looked up by name.
    private static object? Property(object? from, string? name) =>
        from is null || name is null ? null : PSObject.AsPSObject(from).Properties[name]?.Value;
}
