using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Xml.Linq;
using QedTools.Shell;
using Xunit;

namespace QedTools.Tests.Compatibility;

/// <summary>Neither the module's files nor the Pester files need more than Windows PowerShell 5.1.</summary>
public sealed class WindowsPowerShellTests
{
    private static readonly string[] ScriptBlocks = ["ScriptBlock", "Script", "GetScriptBlock", "SetScriptBlock"];

    private static string Root => Path.GetDirectoryName(ModuleSession.ManifestPath)!;

    /// <summary>Every script file, and the view files for the scripts in them, by their paths in the repository.</summary>
    public static TheoryData<string> Files => [.. new[] { Root }
        .SelectMany(folder => Directory.EnumerateFiles(folder, "*.psd1"))
        .Concat(Directory.EnumerateFiles(Path.Combine(Root, "src", "QedTools"), "*.ps*1*"))
        .Concat(Directory.EnumerateFiles(Path.Combine(Root, "tests", "QedTools.Tests"), "*.ps1", SearchOption.AllDirectories).Where(path => !path.Contains($"{Path.DirectorySeparatorChar}bin{Path.DirectorySeparatorChar}", StringComparison.Ordinal)))
        .Concat(Directory.EnumerateFiles(Path.Combine(Root, "docs", "examples"), "*.ps1"))
        .Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/'))
        .Order()];

    [Theory]
    [MemberData(nameof(Files))]
    public void A_file_uses_only_what_5_1_supports(string file)
    {
        string text = File.ReadAllText(Path.Combine(Root, file));

        IEnumerable<string> found = Scripts(file, text).SelectMany(script => ScriptRules.Violations(script, ApiIndex.WindowsPowerShell.Value));

        Assert.Empty(found);
    }

    // Without a byte order mark, 5.1 reads a script in the code page of the machine.
    [Theory]
    [MemberData(nameof(Files))]
    public void A_file_reads_the_same_in_every_code_page(string file) =>
        Assert.All(File.ReadAllBytes(Path.Combine(Root, file)), character => Assert.InRange(character, 0, 0x7F));

    [Theory]
    [InlineData("$a ? 1 : 2")]
    [InlineData("1 && 2")]
    [InlineData("1 || 2")]
    [InlineData("$a ?? 1")]
    [InlineData("$a ??= 1")]
    [InlineData("${a}?.b")]
    [InlineData("${a}?[1]")]
    [InlineData("Get-Item . &")]
    [InlineData("$a.b[int](1)")]
    [InlineData("function f { clean { 1 } }")]
    [InlineData("if ($IsWindows) { 1 }")]
    [InlineData("\"$($PSStyle.Reset)\"")]
    [InlineData("1..3 | ForEach-Object -Parallel { $_ }")]
    [InlineData("Get-Content x -AsByteStream")]
    [InlineData("Test-Json '{}'")]
    [InlineData("1ul")]
    [InlineData("0b11")]
    [InlineData("0x1uy")]
    [InlineData("\"`e[0m\"")]
    [InlineData("\"`u{20}\"")]
    [InlineData("1\n| Out-Null")]
    [InlineData("[System.IO.Path]::GetRelativePath('a', 'b')")]
    [InlineData("[System.IO.File]::Move('a', 'b', $true)")]
    [InlineData("[System.Convert]::ToHexString($a)")]
    [InlineData("[System.Random]::Shared")]
    [InlineData("[System.Index]::new(1)")]
    [InlineData("[ValidateNotNullOrWhiteSpace()]$a = 1")]
    [InlineData("param([semver] $a)")]
    [InlineData("$stream.ReadExactly($a)")]
    [InlineData("1 +")]
    [InlineData("Describe 'partly new' { It 'is new' { Skip-TestWithout PowerShell7.4 }; It 'is old' { $a ?? 1 } }")]
    public void Constructs_that_5_1_does_not_support_are_found(string script) =>
        Assert.NotEmpty(ScriptRules.Violations(script, ApiIndex.WindowsPowerShell.Value));

    [Theory]
    [InlineData("It 'is new' { Skip-TestWithout PowerShell7.4; $a ?? 1 }")]
    [InlineData("Describe 'all new' { BeforeEach { Skip-TestWithout PowerShell7.4 }; It 'is one' { $a ?? 1 } }")]
    [InlineData("[System.IO.Path]::Combine('a', 'b', 'c', 'd', 'e')")]
    [InlineData("[System.Collections.Generic.List[object]]::new()")]
    [InlineData("[byte[]]::new(4)")]
    [InlineData("[guid]::NewGuid(); [datetime]::UtcNow; [long]::MaxValue")]
    [InlineData("$PSNativeCommandUseErrorActionPreference = $false")]
    [InlineData("20GB; 1L; 0xFF; 1.5d; 1e3")]
    [InlineData("[pscustomobject]@{ A = 1 }; [ordered]@{ B = 2 }")]
    [InlineData("class Own { [string] $Name }; [Own]::new()")]
    [InlineData("'`e' + \"``e\"")]
    public void Constructs_that_5_1_supports_are_not_reported(string script) =>
        Assert.Empty(ScriptRules.Violations(script, ApiIndex.WindowsPowerShell.Value));

    private static IEnumerable<string> Scripts(string file, string text) => Path.GetExtension(file) == ".ps1xml"
        ? XDocument.Parse(text).Descendants().Where(element => ScriptBlocks.Contains(element.Name.LocalName)).Select(element => element.Value)
        : [text];
}
