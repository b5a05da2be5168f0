using System;
using System.Linq;
using QedTools.Tests.Interpreter;
using Xunit;

namespace QedTools.Tests.InterpreterTests;

/// <summary>What is found before anything runs: names, rows, skips, and files that are wrong.</summary>
public sealed class DiscoveryTests
{
    [Fact]
    public void Names_hold_the_file_and_the_blocks() =>
        Assert.Matches(
            "^Sample-[0-9a-f]+ › outer › inner › test$",
            PesterScript.Run("Describe 'outer' { Context 'inner' { It 'test' { } } }").Single().FullName);

    [Fact]
    public void Each_row_is_a_test_with_its_values_as_variables_and_in_its_name()
    {
        string script = """
            Describe 'sizes' {
                It '<size> makes <text.Length> (<_.text>)' -TestCases @(
                    @{ size = 1KB; text = 'one' }
                    @{ size = 2KB; text = 'three' }
                ) {
                    $size | Should -Be $_.size
                    $text | Should -Not -BeNullOrEmpty
                }
                It 'takes them as parameters: <a>' -ForEach @{ a = 1; b = 2 } { param($b, $a) "$a$b" | Should -Be '12' }
                It 'plain <_>' -ForEach 'x', 'y' { $_ | Should -BeIn 'x', 'y' }
                It 'none' -ForEach @() { }
                It 'null' -ForEach $null { }
                It 'kept: <unknown> `<size`> <_>' -ForEach 1 { }
            }
            """;

        var tests = PesterScript.Run(script);

        Assert.Empty(tests.Failures());
        Assert.Equal(
            [
                "sizes › 1024 makes 3 (one)",
                "sizes › 2048 makes 5 (three)",
                "sizes › takes them as parameters: 1",
                "sizes › plain x",
                "sizes › plain y",
                "sizes › kept: <unknown> <size> 1",
            ],
            tests.Names());
    }

    [Fact]
    public void Each_row_is_a_block_with_its_values_in_setups_and_tests()
    {
        string script = """
            Describe 'cluster <_>' -ForEach 1, 2 {
                BeforeAll { $fromSetup = $_ }
                Context '<name>' -ForEach @{ name = "n$_" } {
                    BeforeEach { $each = $name }
                    It '<name> <_.name>' { $each | Should -Be "n$fromSetup" }
                    It 'own <_>' -ForEach 'r' { "$_ $name" | Should -Be "r n$fromSetup" }
                }
            }
            """;

        var tests = PesterScript.Run(script);

        Assert.Empty(tests.Failures());
        Assert.Equal(
            [
                "cluster 1 › n1 › n1 n1",
                "cluster 1 › n1 › own r",
                "cluster 2 › n2 › n2 n2",
                "cluster 2 › n2 › own r",
            ],
            tests.Names());
    }

    [Fact]
    public void A_skip_says_its_condition()
    {
        string script = """
            $missing = $true
            Describe 'd' {
                It 'a' -Skip:($missing -or $false) { throw 'x' }
                It 'b' -Skip { throw 'x' }
                It 'c' -Skip:$false { }
                Context 'e' -Skip:$missing { BeforeAll { throw 'x' } ; It 'f' { throw 'x' } }
            }
            """;

        Assert.Equal(
            ["-Skip:($missing -or $false)", "-Skip", null, "-Skip:$missing"],
            PesterScript.Run(script).Select(test => test.SkipReason));
    }

    [Fact]
    public void FullShell_skips_all_below_it_and_tags_add_up()
    {
        string script = """
            Describe 'd' -Tag Slow {
                It 'a' -Tag Quick { }
                Context 'c' -Tag FullShell, Other { It 'b' { throw 'x' } }
            }
            """;

        var tests = PesterScript.Run(script);

        Assert.Equal(["Slow", "Quick"], tests[0].Tags);
        Assert.Null(tests[0].SkipReason);
        Assert.Equal(["Slow", "FullShell", "Other"], tests[1].Tags);
        Assert.StartsWith("FullShell: ", tests[1].SkipReason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_test_can_skip_itself_while_it_runs()
    {
        PesterResult result = PesterScript.RunTest("Set-ItResult -Skipped -Because 'no qemu-img'; throw 'x'");

        Assert.Equal((PesterOutcome.Skipped, "no qemu-img"), (result.Outcome, result.Message));
    }

    [Fact]
    public void A_file_without_tests_shows_as_skipped()
    {
        PesterTest test = Assert.Single(PesterScript.Run("Describe 'd' { It '<_>' -ForEach @() { } }"));

        Assert.Equal("no It was found", test.SkipReason);
    }

    [Theory]
    [InlineData("Describe 'd' {", "Missing closing '}'")]
    [InlineData("throw 'broken'", "broken")]
    [InlineData("Describe 'd' { It 'a' { } ; no-such-command ; It 'b' { } }", "no-such-command")]
    [InlineData("It 'alone' { }", "must stand in a Describe or Context")]
    [InlineData("BeforeEach { } ; Describe 'd' { It 'a' { } }", "BeforeEach must stand in a Describe or Context")]
    [InlineData("Describe 'd' { BeforeAll { } ; BeforeAll { } ; It 'a' { } }", "second BeforeAll")]
    [InlineData("Describe 'd' { It 'no body' }", "Test")]
    public void A_file_that_cannot_be_discovered_is_one_failed_test(string script, string complaint)
    {
        PesterTest test = Assert.Single(PesterScript.Run(script));

        Assert.Equal("discovery", test.Name);
        Assert.Equal(PesterOutcome.Failed, test.Result!.Outcome);
        Assert.Contains(complaint, test.Result.Message);
        Assert.StartsWith("Discovery failed: ", test.Result.Message, StringComparison.Ordinal);
    }
}
