using System;
using System.IO;
using System.Management.Automation;
using System.Reflection;
using Microsoft.PowerShell;

namespace QedTools.Shell;

/// <summary>PowerShell's own console host, including its command line, with QedTools imported before anything runs.</summary>
internal static class Program
{
    private static readonly string Banner =
        $"""
        QedTools {VersionOf(typeof(Program).Assembly)} on PowerShell {VersionOf(typeof(PSObject).Assembly)}

          Get-Command -Module QedTools   lists the commands
          Get-Help Get-QedInfo           explains one of them
          exit                           ends the session

        """;

    private const string Help =
        """
        PowerShell with QedTools imported. The parameters are those of pwsh, among them:

          -Command <script>   Runs the script text; '-' reads it from standard input.
          -File <script.ps1>  Runs a script; the rest of the command line is its arguments.
          -NonInteractive     Treats a question to the user as an error.
          -NoLogo             Shows no banner before the prompt.

        No profile is loaded. Without -Command and -File, shows a prompt or runs the script from standard input.
        """;

    private static int Main(string[] arguments)
    {
        if (Console.IsOutputRedirected)
        {
            // Otherwise PowerShell writes its colours into pipes and files.
            PSStyle.Instance.OutputRendering = OutputRendering.PlainText;
        }

        if (ModuleSession.ModulesFolder is { } modules)
        {
            // Lets scripts, and the runspaces that they start, import the module by name.
            string? others = Environment.GetEnvironmentVariable("PSModulePath");
            Environment.SetEnvironmentVariable("PSModulePath", others is null ? modules : modules + Path.PathSeparator + others);
        }

        return ConsoleShell.Start(ModuleSession.Create(), Banner, Help, ["-NoProfile", .. arguments]);
    }

    // The version without the commit, which builds append as 1.2.3+<hash> or "1.2.3 SHA: <hash>".
    private static string? VersionOf(Assembly assembly) =>
        assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+', ' ')[0];
}
