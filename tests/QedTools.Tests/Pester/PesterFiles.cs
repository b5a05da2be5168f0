using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using QedTools.Shell;
using Xunit;

namespace QedTools.Tests.Pester;

/// <summary>
/// The Pester files of this project, each It of them a test. The files run one after another: environment variables and the current
/// directory belong to the whole process.
/// </summary>
public sealed class PesterFiles
{
    private static readonly Lazy<IReadOnlyList<PesterFile>> Files =
        new(() => PesterFile.Discover([.. Directory.EnumerateFiles(Folder, "*.Tests.ps1").Order(StringComparer.Ordinal)]));

    // Beside the module, not beside this program: the files say ../../QedTools.psd1 and ../fixtures.
    internal static string Folder =>
        Path.Combine(Path.GetDirectoryName(ModuleSession.ManifestPath)!, "tests", "QedTools.Tests");

    /// <summary>A row for each It; its traits File and Tag are for filters.</summary>
    public static IEnumerable<ITheoryDataRow> Rows() =>
        from file in Files.Value
        from row in file.Tests.Select((test, index) => new TheoryDataRow<string, int>(file.Name, index)
        {
            TestDisplayName = $"{file.Name}: {test.Name}",
            // The name says it all; no arguments behind it.
            Label = "",
            Traits = { ["File"] = [file.Name], ["Tag"] = [.. test.Tags] },
        })
        select row;

    /// <summary>The result of one It; the first one asked for runs its file.</summary>
    [Theory]
    [MemberData(nameof(Rows))]
    public void It(string file, int test)
    {
        PesterTest result = Files.Value.Single(one => one.Name == file).ResultOf(test, TestContext.Current.CancellationToken);
        if (result.Output.Length > 0)
        {
            TestContext.Current.TestOutputHelper?.WriteLine(result.Output);
        }

        Assert.SkipWhen(result.Result == "Skipped", result.Message);
        if (result.Result != "Passed")
        {
            throw new PesterFailure(result.Message.Length > 0 ? result.Message : $"Pester says {result.Result}.", result.Stack);
        }
    }
}
