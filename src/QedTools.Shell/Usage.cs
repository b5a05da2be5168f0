using System;
using System.Management.Automation;
using System.Reflection;

namespace QedTools.Shell;

/// <summary>What the shell says about itself.</summary>
internal static class Usage
{
    /// <summary>The lines shown after a mistake on the command line.</summary>
    public const string Short =
        """
        Usage: qedtools-shell [-NoLogo] [-NonInteractive] [-NoProfile]
                              [ -Command { <script> | - }
                              | [-File] <script.ps1> [<arguments>]
                              | -Version | -Help ]
        """;

    private const string Details =
        """
          -Command <script>   Run the script text; '-' reads it from standard input.
          -File <script.ps1>  Run a script file; what follows are its arguments.
          -NonInteractive     A question to the user is an error.
          -NoLogo             No banner before the prompt.
          -NoProfile          Accepted for compatibility: this shell has no profiles.
          -Version, -Help     Say so and end.

        Without -Command and -File: a prompt, or, when standard input is redirected, the
        script it holds.

        Exit code: n after 'exit n'; 1 after an error that ended the script or, with
        -Command, when the last statement failed; 64 for a wrong command line; 130 after
        Ctrl+C; else 0.
        """;

    /// <summary>The whole help text.</summary>
    public static string Full { get; } =
        string.Join(Environment.NewLine + Environment.NewLine, Version, Short, Details);

    /// <summary>One line: the module's version and the engine's.</summary>
    public static string Version =>
        $"QedTools {VersionOf(typeof(Usage))} on PowerShell {VersionOf(typeof(PSObject))}";

    /// <summary>What greets the user at the prompt.</summary>
    public static string Banner { get; } = string.Join(
        Environment.NewLine,
        Version,
        string.Empty,
        "  Get-Command -Module QedTools   lists the commands",
        "  Get-Help Get-QedInfo           explains one",
        "  exit                           leaves",
        string.Empty);

    private static string VersionOf(Type type)
    {
        var stated = type.Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>();
        // The build adds the commit, in one of two ways: 1.2.3+<hash>, or "1.2.3 SHA: <hash>".
        return stated?.InformationalVersion.Split('+', ' ')[0] ?? "?";
    }
}
