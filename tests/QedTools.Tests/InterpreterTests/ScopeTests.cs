using QedTools.Tests.Interpreter;
using Xunit;

namespace QedTools.Tests.InterpreterTests;

/// <summary>The order of setups and teardowns, and who sees whose variables.</summary>
public sealed class ScopeTests
{
    [Fact]
    public void Setups_run_outside_in_and_teardowns_inside_out()
    {
        string script = """
            BeforeAll { $log = [System.Collections.Generic.List[string]]::new(); $log.Add('file') }
            AfterAll { $log -join ' ' | Should -Be 'see' }
            Describe 'outer' {
                AfterAll { $log.Add('-outer') }
                AfterEach { $log.Add('-each') }
                BeforeEach { $log.Add('each') }
                BeforeAll { $log.Add('outer') }
                It '1' { $log.Add('1') }
                Context 'inner' {
                    BeforeAll { $log.Add('inner') }
                    BeforeEach { $log.Add('innereach') }
                    It '2' { $log.Add('2') }
                    AfterEach { $log.Add('-innereach') }
                    AfterAll { $log.Add('-inner') }
                }
                It '3' { $log.Add('3') }
            }
            """;

        string message = Assert.Single(PesterScript.Run(script).Failures());

        Assert.Contains(
            "'file outer each 1 -each inner each innereach 2 -innereach -each -inner each 3 -each -outer'", message);
    }

    [Fact]
    public void A_test_sees_the_variables_of_the_setups_around_it_and_changes_only_its_own()
    {
        string script = """
            BeforeAll { $file = 'file'; function Get-Own { "own $file" } }
            Describe 'd' {
                BeforeAll { $block = 'block' }
                BeforeEach { $each = 'each' }
                It 'sees them' { "$file $block $each $(Get-Own)" | Should -Be 'file block each own file' }
                It 'writes' { $block = 'changed'; $each = 'changed'; $leak = 1; $block | Should -Be 'changed' }
                It 'does not see what another wrote' { "$block $each $leak" | Should -Be 'block each ' }
                Context 'inner' {
                    BeforeAll { $block = 'inner' }
                    It 'sees the nearest' { $block | Should -Be 'inner' }
                }
                It 'sees no inner one' { $block | Should -Be 'block' }
            }
            Describe 'e' { It 'sees no neighbour' { $block | Should -BeNullOrEmpty } }
            """;

        Assert.Empty(PesterScript.Run(script).Failures());
    }

    [Fact]
    public void A_teardown_of_a_test_sees_the_variables_of_the_test()
    {
        string script = "Describe 'd' { AfterEach { $mine | Should -Be 5 } ; It 'a' { $mine = 5 } }";

        Assert.Empty(PesterScript.Run(script).Failures());
    }

    [Fact]
    public void Variables_of_discovery_are_gone_when_tests_run()
    {
        string script = """
            $atDiscovery = 1
            Describe 'd' {
                $inBlock = 2
                It 'sees neither' { "$atDiscovery$inBlock" | Should -Be '' }
                It 'knows its folder' { $PSScriptRoot | Should -Exist }
            }
            """;

        Assert.Empty(PesterScript.Run(script).Failures());
    }

    [Fact]
    public void Functions_from_BeforeDiscovery_serve_discovery()
    {
        string script = """
            BeforeDiscovery { function Get-Rows { 1, 2 } }
            Describe 'd' { It 'row <_>' -ForEach (Get-Rows) { $_ | Should -BeIn 1, 2 } }
            """;

        Assert.Equal(["d › row 1", "d › row 2"], PesterScript.Run(script).Names());
    }

    [Fact]
    public void A_failing_BeforeAll_fails_all_tests_below_with_its_error()
    {
        string script = """
            Describe 'd' {
                BeforeAll { throw 'no disk' }
                It 'a' { }
                Context 'c' { BeforeAll { throw 'never run' } ; It 'b' { } ; It 'skipped' -Skip { } }
            }
            Describe 'e' { It 'c' { } }
            """;

        Assert.Equal(
            [
                "a: BeforeAll of 'd' failed: no disk",
                "b: BeforeAll of 'd' failed: no disk",
            ],
            PesterScript.Run(script).Failures());
    }

    [Fact]
    public void A_failing_BeforeEach_fails_the_test_and_AfterEach_still_runs()
    {
        string script = """
            BeforeAll { $seen = [System.Collections.Generic.List[string]]::new() }
            Describe 'd' { BeforeEach { throw 'x' } ; AfterEach { $seen.Add('after') } ; It 'a' { $seen.Add('ran') } }
            Describe 'e' { It 'b' { $seen | Should -Be 'after' } }
            """;

        Assert.Equal(["a: x"], PesterScript.Run(script).Failures());
    }

    [Fact]
    public void A_failing_AfterEach_fails_its_test()
    {
        string script = "Describe 'd' { AfterEach { throw 'x' } ; It 'a' { } }";

        Assert.Equal(["a: AfterEach of 'd' failed: x"], PesterScript.Run(script).Failures());
    }

    [Fact]
    public void A_failing_AfterAll_fails_the_last_test_of_its_block()
    {
        string script = """
            Describe 'd' { AfterAll { throw 'x' } ; It 'a' { } ; Context 'c' { It 'b' { } ; It 'skipped' -Skip { } } }
            Describe 'e' { It 'c' { } }
            """;

        Assert.Equal(["b: AfterAll of 'd' failed: x"], PesterScript.Run(script).Failures());
    }

    [Fact]
    public void No_setup_runs_where_all_tests_are_skipped()
    {
        string script = """
            BeforeAll { throw 'x' }
            Describe 'd' -Skip { BeforeAll { throw 'y' } ; It 'a' { } }
            """;

        Assert.Equal([null], PesterScript.Run(script).Outcomes());
    }

    [Fact]
    public void An_error_that_ends_only_a_statement_fails_the_test()
    {
        PesterResult result = PesterScript.RunTest("[int]::Parse('x')\n$true | Should -BeTrue");

        Assert.Equal(PesterOutcome.Failed, result.Outcome);
        Assert.Contains("line 2", result.Stack);
    }

    [Fact]
    public void An_error_that_ends_nothing_is_output_of_the_test()
    {
        PesterResult result = PesterScript.RunTest("Get-Command -Name no-such-command");

        Assert.Equal(PesterOutcome.Passed, result.Outcome);
        Assert.Contains("no-such-command", result.Output);
    }

    [Theory]
    [InlineData("return; throw 'x'", PesterOutcome.Passed)]
    [InlineData("", PesterOutcome.Passed)]
    [InlineData("break", PesterOutcome.Failed)]
    [InlineData("no-such-command", PesterOutcome.Failed)]
    [InlineData("Describe 'in a test' { }", PesterOutcome.Failed)]
    [InlineData("try { 1 | Should -Be 2 } catch { $caught = $true }; $caught | Should -BeTrue", PesterOutcome.Passed)]
    public void A_test_ends_as_its_body_does(string body, object outcome) =>
        Assert.Equal(outcome, PesterScript.RunTest(body).Outcome);
}
