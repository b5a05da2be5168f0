using System;
using System.IO;
using System.Management.Automation;
using System.Reflection;
using Microsoft.PowerShell;

namespace QedTools.Shell;

/// <summary>PowerShell's own console host, its command line included, with QedTools imported before anything runs.</summary>
internal static class Program
{
    private static readonly string Banner =
        $"""
        QedTools {VersionOf(typeof(Program).Assembly)} on PowerShell {VersionOf(typeof(PSObject).Assembly)}

          Get-Command -Module QedTools   lists the commands
          Get-Help Get-QedInfo           explains one
          exit                           leaves

        """;

    private const string Help =
        """
        PowerShell with QedTools imported. The parameters are those of pwsh, among them:

          -Command <script>   Runs the script text; '-' reads it from standard input.
          -File <script.ps1>  Runs a script; what follows are its arguments.
          -NonInteractive     A question to the user is an error.
          -NoLogo             No banner before the prompt.

        No profile is loaded. Without -Command and -File: a prompt, or the script that standard input holds.
        """;

    private static int Main(string[] arguments)
    {
        if (Console.IsOutputRedirected)
        {
            // PowerShell itself writes its colours into pipes and files.
            PSStyle.Instance.OutputRendering = OutputRendering.PlainText;
        }

        if (ModuleSession.ModulesFolder is { } modules)
        {
            // Scripts that import the module by name find it, and so do runspaces that they start.
            string? others = Environment.GetEnvironmentVariable("PSModulePath");
            Environment.SetEnvironmentVariable("PSModulePath", others is null ? modules : modules + Path.PathSeparator + others);
        }

        return ConsoleShell.Start(ModuleSession.Create(), Banner, Help, ["-NoProfile", .. arguments]);
    }

    // Without the commit that the build adds, in one of two ways: 1.2.3+<hash>, or "1.2.3 SHA: <hash>".
    private static string? VersionOf(Assembly assembly) =>
        assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+', ' ')[0];
}
