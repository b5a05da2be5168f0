using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Management.Automation.Language;
using QedTools.Shell;
using Xunit;

namespace QedTools.Tests.Compatibility;

/// <summary>
/// What BeforeDiscovery sets is for -ForEach and -Skip: Pester has forgotten it when the tests run, and a check behind such a variable is
/// never made.
/// </summary>
public sealed class PesterScopeTests
{
    private static readonly string[] RunWords = ["It", "BeforeAll", "BeforeEach", "AfterEach", "AfterAll"];

    private static string Folder => Path.Combine(Path.GetDirectoryName(ModuleSession.ManifestPath)!, "tests", "QedTools.Tests");

    public static TheoryData<string> Files => [.. Directory.EnumerateFiles(Folder, "*.Tests.ps1").Select(path => Path.GetFileName(path)).Order()];

    [Theory]
    [MemberData(nameof(Files))]
    public void No_test_reads_what_only_discovery_knows(string file) => Assert.Empty(Forgotten(File.ReadAllText(Path.Combine(Folder, file))));

    [Theory]
    [InlineData("BeforeDiscovery { $a = 1 }; It x { $a }", "a")]
    [InlineData("BeforeDiscovery { $a = 1 }; Describe y { BeforeAll { if ($a) { 1 } } }", "a")]
    [InlineData("BeforeDiscovery { $a = 1 }; It x -ForEach @{ A = 1 } { $a }", "a")]
    [InlineData("BeforeDiscovery { $a = 1 }; It x -Skip:$a { 1 }", null)]
    [InlineData("BeforeDiscovery { $a = 1 }; It x { $A = 2; $a }", null)]
    [InlineData("BeforeDiscovery { $a = 1 }; It x -ForEach @{ a = 1 } { $a }", null)]
    public void It_is_found(string script, string? name) => Assert.Equal(name is null ? [] : [name], Forgotten(script));

    private static IEnumerable<string> Forgotten(string text)
    {
        ScriptBlockAst script = Parser.ParseInput(text, out _, out _);
        HashSet<string> discovered = Assigned(Blocks(script, "BeforeDiscovery"));
        List<Ast> run = [.. Blocks(script, RunWords)];
        HashSet<string> set = Assigned(run);
        // Row keys by their spelling: a key of other case hides a variable that is meant, as variables know no case.
        HashSet<string> keys = [.. script.FindAll(ast => ast is HashtableAst, searchNestedScriptBlocks: true).Cast<HashtableAst>()
            .SelectMany(table => table.KeyValuePairs).Select(pair => pair.Item1.Extent.Text)];
        return run.SelectMany(block => block.FindAll(ast => ast is VariableExpressionAst, searchNestedScriptBlocks: true))
            .Select(variable => ((VariableExpressionAst)variable).VariablePath.UserPath)
            .Where(name => discovered.Contains(name) && !set.Contains(name) && !keys.Contains(name))
            .Distinct(StringComparer.OrdinalIgnoreCase);
    }

    private static IEnumerable<Ast> Blocks(Ast script, params string[] words) =>
        script.FindAll(ast => ast is CommandAst command && words.Contains(command.GetCommandName(), StringComparer.OrdinalIgnoreCase), searchNestedScriptBlocks: true)
            .Select(command => ((CommandAst)command).CommandElements.OfType<ScriptBlockExpressionAst>().LastOrDefault())
            .OfType<Ast>();

    private static HashSet<string> Assigned(IEnumerable<Ast> blocks) => new(
        blocks.SelectMany(block => block.FindAll(ast => true, searchNestedScriptBlocks: true))
            .Select(ast => ast switch
            {
                AssignmentStatementAst { Left: VariableExpressionAst variable } => variable,
                ForEachStatementAst loop => loop.Variable,
                ParameterAst parameter => parameter.Name,
                _ => null,
            })
            .OfType<VariableExpressionAst>()
            .Select(variable => variable.VariablePath.UserPath),
        StringComparer.OrdinalIgnoreCase);
}
