using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using QedTools.Shell;
using QedTools.Tests.Interpreter;
using Xunit;

namespace QedTools.Tests;

/// <summary>
/// The Pester files of this folder, each It of them a test. The files run one after another: environment variables and
/// the current directory belong to the whole process.
/// </summary>
public sealed class PesterFiles
{
    // What users type is tried in the session that users have.
    private const string ExamplesFile = "Examples.Tests.ps1";

    private static readonly ConcurrentDictionary<string, PesterFile> Files = new();

    // Beside the module, not beside this program: the files say ../../QedTools.psd1 and ../fixtures.
    private static string Folder =>
        Path.Combine(Path.GetDirectoryName(ModuleSession.ManifestPath)!, "tests", "QedTools.Tests");

    /// <summary>A row for each It; its traits File and Tag are for filters.</summary>
    public static IEnumerable<ITheoryDataRow> Rows() =>
        from path in Directory.EnumerateFiles(Folder, "*.Tests.ps1").Order()
        from row in Find(Path.GetFileName(path)).Tests.Select((test, index) =>
            new TheoryDataRow<string, int>(Path.GetFileName(path), index)
            {
                TestDisplayName = test.FullName,
                // The name says it all; no arguments behind it.
                Label = "",
                Skip = test.SkipReason,
                Traits = { ["File"] = [Discovery.FileName(path)], ["Tag"] = [.. test.Tags] },
            })
        select row;

    /// <summary>The result of one It; the first one asked for runs its file.</summary>
    [Theory]
    [MemberData(nameof(Rows))]
    public void It(string file, int test)
    {
        PesterFile found = Find(file);
        found.Run(TestContext.Current.CancellationToken);
        PesterResult? result = found.Tests[test].Result;
        Assert.True(result is not null, "The test did not run.");
        if (result.Output.Length > 0)
        {
            TestContext.Current.TestOutputHelper?.WriteLine(result.Output);
        }

        Assert.SkipWhen(result.Outcome == PesterOutcome.Skipped, result.Message);
        if (result.Outcome == PesterOutcome.Failed)
        {
            throw new PesterFailure(result.Message, result.Stack);
        }
    }

    private static PesterFile Find(string file) => Files.GetOrAdd(
        file, name => PesterFile.Discover(Path.Combine(Folder, name), name == ExamplesFile ? ShellSession.Create : ModuleSession.Create));
}
