using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Management.Automation.Runspaces;
using System.Threading;
using QedTools.Tests.Interpreter;

namespace QedTools.Tests.InterpreterTests;

/// <summary>Runs a small Pester file, given as text, in a session without QedTools.</summary>
internal static class PesterScript
{
    /// <summary>Discovers and runs it; its tests come with their results.</summary>
    public static IReadOnlyList<PesterTest> Run(string script)
    {
        string path = Path.Combine(Path.GetTempPath(), $"Sample-{Guid.NewGuid():N}.Tests.ps1");
        File.WriteAllText(path, script);
        try
        {
            using PesterFile file = PesterFile.Discover(path, InitialSessionState.CreateDefault2);
            file.Run(CancellationToken.None);
            return file.Tests;
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Runs the body of a single test.</summary>
    public static PesterResult RunTest(string body) =>
        Run($"Describe 'd' {{ It 't' {{\n{body}\n}} }}").Single().Result!;

    /// <summary>The names of the tests without that of the file.</summary>
    public static IEnumerable<string> Names(this IEnumerable<PesterTest> tests) =>
        tests.Select(test => test.FullName[(test.FullName.IndexOf('›', StringComparison.Ordinal) + 2)..]);

    /// <summary>The outcomes of the tests; null for one that its declaration skips.</summary>
    public static IEnumerable<PesterOutcome?> Outcomes(this IEnumerable<PesterTest> tests) =>
        tests.Select(test => test.Result?.Outcome);

    /// <summary>The messages of the failures.</summary>
    public static IEnumerable<string> Failures(this IEnumerable<PesterTest> tests) => tests
        .Where(test => test.Result?.Outcome == PesterOutcome.Failed)
        .Select(test => $"{test.Name}: {test.Result!.Message.Split('\n')[0]}");
}
