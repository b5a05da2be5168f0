using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using QedTools.Shell;

namespace QedTools.Benchmarks.Compare;

/// <summary>The time that the module adds to the start of a session: the import and the first cmdlet after it.</summary>
internal static class SessionStart
{
    /// <summary>The argument with which this program starts another instance of itself to run the script in a new session.</summary>
    public const string Argument = "session-start";

    // Another module is imported first: the work that PowerShell itself does at its first import does not count.
    private const string Script = """
        $watch = [System.Diagnostics.Stopwatch]::new()
        Import-Module $env:QEDTOOLS_BENCH_EMPTY
        $watch.Start()
        Import-Module $env:QEDTOOLS_BENCH_MODULE
        $import = $watch.Elapsed.TotalMilliseconds
        $watch.Restart()
        $null = Get-QedInfo $env:QEDTOOLS_BENCH_IMAGE
        $first = $watch.Elapsed.TotalMilliseconds
        [string]::Format([cultureinfo]::InvariantCulture, '{0} {1}', $import, $first)
        """;

    /// <summary>Starts new sessions and prints the table.</summary>
    public static void Print(Session session, int runs)
    {
        using Inputs inputs = new();
        string empty = inputs.PathOf("Empty.psm1");
        File.WriteAllText(empty, string.Empty);
        string image = inputs.PathOf("first.qed");
        session.Run($"New-QedImage '{image}' 1GB");
        Environment.SetEnvironmentVariable("QEDTOOLS_BENCH_EMPTY", empty);
        Environment.SetEnvironmentVariable("QEDTOOLS_BENCH_MODULE", ModuleSession.ManifestPath);
        Environment.SetEnvironmentVariable("QEDTOOLS_BENCH_IMAGE", image);

        Console.WriteLine();
        Console.WriteLine("| a new session in | Import-Module, ms (from, to) | at most | the first cmdlet, ms (from, to) | at most |");
        Console.WriteLine("| --- | --- | ---: | --- | ---: |");
        PrintRow("the embedded engine", runs, () => Programs.Run(Environment.ProcessPath!, Argument));
        if (Programs.IsThere("pwsh"))
        {
            PrintRow("pwsh", runs, () => Programs.Run("pwsh", "-NoProfile", "-NonInteractive", "-Command", Script));
        }
    }

    /// <summary>Runs the script in this process.</summary>
    public static int RunHere()
    {
        using Runspace runspace = RunspaceFactory.CreateRunspace(InitialSessionState.CreateDefault2());
        runspace.Open();
        using PowerShell shell = PowerShell.Create(runspace);
        Console.WriteLine(shell.AddScript(Script).Invoke().Single());
        return shell.HadErrors ? 1 : 0;
    }

    private static void PrintRow(string name, int runs, Func<string> start)
    {
        List<double> imports = [];
        List<double> firsts = [];
        for (int run = 0; run <= runs; run++)
        {
            double[] times = [.. start().Split(' ').Select(text => double.Parse(text, CultureInfo.InvariantCulture))];
            if (run > 0)
            {
                imports.Add(times[0]);
                firsts.Add(times[1]);
            }
        }

        imports.Sort();
        firsts.Sort();
        Console.WriteLine(string.Format(
            CultureInfo.InvariantCulture,
            "| {0} | {1:0} ({2:0}, {3:0}) | 80 | {4:0} ({5:0}, {6:0}) | 120 |",
            name,
            imports[imports.Count / 2],
            imports[0],
            imports[^1],
            firsts[firsts.Count / 2],
            firsts[0],
            firsts[^1]));
    }
}
