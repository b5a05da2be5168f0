using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using QedTools.Shell;
using Xunit;
using Xunit.Sdk;

namespace QedTools.Tests.Pester;

/// <summary>
/// The Pester files of this project; each It is a test. The files run one after another, because environment variables and the
/// current directory belong to the whole process.
/// </summary>
public sealed class PesterFiles
{
    private static readonly Lazy<IReadOnlyList<PesterFile>> Files =
        new(() => PesterFile.Discover([.. Directory.EnumerateFiles(Folder, $"{Pattern}.Tests.ps1").Order(StringComparer.Ordinal)]));

    // A filter by the trait File selects from the tests of all files, and to find those takes minutes under Wine.
    private static string Pattern => Environment.GetEnvironmentVariable("QEDTOOLS_PESTER_FILES") is { Length: > 0 } pattern ? pattern : "*";

    // The folder in the repository, not the folder of this program: the files refer to ../../QedTools.psd1 and ../fixtures.
    internal static string Folder =>
        Path.Combine(Path.GetDirectoryName(ModuleSession.ManifestPath)!, "tests", "QedTools.Tests");

    /// <summary>A row for each It; filters can use its traits File and Tag.</summary>
    public static IEnumerable<ITheoryDataRow> Rows() =>
        from file in Files.Value
        from row in file.Tests.Select((test, index) => new TheoryDataRow<string, int>(file.Name, index)
        {
            TestDisplayName = $"{file.Name}: {test.Name}",
            // The display name is enough; do not append the arguments.
            Label = "",
            Traits = { ["File"] = [file.Name], ["Tag"] = [.. test.Tags] },
        })
        select row;

    /// <summary>The result of one It; the first request for a file runs it.</summary>
    [Theory]
    [MemberData(nameof(Rows))]
    public Task It(string file, int test)
    {
        PesterTest result = Files.Value.Single(one => one.Name == file).ResultOf(test, TestContext.Current.CancellationToken);
        if (result.Output.Length > 0)
        {
            TestContext.Current.TestOutputHelper?.WriteLine(result.Output);
        }

        // In a task, because xunit would otherwise receive an exception through reflection, and after two of those Wine 8 hangs.
        return result.Result switch
        {
            "Passed" => Task.CompletedTask,
            "Skipped" => Task.FromException(SkipException.ForSkip(result.Message)),
            _ => Task.FromException(new PesterFailure(result.Message.Length > 0 ? result.Message : $"The result from Pester is {result.Result}.", result.Stack)),
        };
    }
}
