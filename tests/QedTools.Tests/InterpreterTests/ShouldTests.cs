using QedTools.Tests.Interpreter;
using Xunit;

namespace QedTools.Tests.InterpreterTests;

/// <summary>Each operator of Should, holding and failing, and what it says when it fails.</summary>
public sealed class ShouldTests
{
    [Theory]
    [InlineData("3 | Should -Be 3")]
    [InlineData("'ABC' | Should -Be 'abc'")]
    [InlineData("3 | Should -Be '3'")]
    [InlineData("1, 2 | Should -Be 1, 2")]
    [InlineData("1, (2, 3) | Should -Be 1, (2, 3)")]
    [InlineData("-1 | Should -Be -1")]
    [InlineData("$null | Should -Be $null")]
    [InlineData("@() | Should -Be @()")]
    [InlineData("[byte[]](1, 2) | Should -Be ([byte[]](1, 2))")]
    [InlineData("[System.Collections.Generic.List[int]](1, 2) | Should -Be 1, 2")]
    [InlineData("Should -ActualValue 3 -Be -ExpectedValue 3")]
    [InlineData("3 | Should -Not -Be 4")]
    [InlineData("1, 2 | Should -Not -Be 1")]
    [InlineData("1 | Should -Not -Be $null")]
    [InlineData("'a' | Should -BeExactly 'a'")]
    [InlineData("'a' | Should -Not -BeExactly 'A'")]
    [InlineData("1 | Should -BeTrue")]
    [InlineData("0 | Should -BeFalse")]
    [InlineData("$true | Should -Not -BeFalse")]
    [InlineData("$null | Should -Not -BeTrue")]
    [InlineData("'' | Should -BeNullOrEmpty")]
    [InlineData("@() | Should -BeNullOrEmpty")]
    [InlineData("@{} | Should -BeNullOrEmpty")]
    [InlineData("0 | Should -Not -BeNullOrEmpty")]
    [InlineData("'', '' | Should -Not -BeNullOrEmpty")]
    [InlineData("'Hello' | Should -Match '^h'")]
    [InlineData("'a1', 'a2' | Should -Match 'a'")]
    [InlineData("'Hello' | Should -Not -Match 'x'")]
    [InlineData("'Hello' | Should -MatchExactly '^H'")]
    [InlineData("'Hello' | Should -Not -MatchExactly '^h'")]
    [InlineData("'Hello' | Should -BeLike 'h*'")]
    [InlineData("'Hello' | Should -Not -BeLike 'x*'")]
    [InlineData("1, 2, 3 | Should -HaveCount 3")]
    [InlineData("@() | Should -HaveCount 0")]
    [InlineData("1 | Should -Not -HaveCount 2")]
    [InlineData("1, 2 | Should -Contain 2")]
    [InlineData("'a', 'b' | Should -Contain 'B'")]
    [InlineData("1, 2 | Should -Not -Contain 3")]
    [InlineData("1 | Should -BeIn 1, 2")]
    [InlineData("3 | Should -Not -BeIn 1, 2")]
    [InlineData("3 | Should -BeOfType [int]")]
    [InlineData("3 | Should -BeOfType int")]
    [InlineData("3 | Should -BeOfType ([System.ValueType])")]
    [InlineData("3 | Should -Not -BeOfType ([string])")]
    [InlineData("3 | Should -BeGreaterThan 2")]
    [InlineData("2 | Should -Not -BeGreaterThan 2")]
    [InlineData("2 | Should -BeGreaterOrEqual 2")]
    [InlineData("1 | Should -Not -BeGreaterOrEqual 2")]
    [InlineData("1 | Should -BeLessThan 2")]
    [InlineData("2 | Should -Not -BeLessThan 2")]
    [InlineData("2 | Should -BeLessOrEqual 2")]
    [InlineData("3 | Should -Not -BeLessOrEqual 2")]
    [InlineData("$TestDrive | Should -Exist")]
    [InlineData("'TestDrive:/none' | Should -Not -Exist")]
    public void Holds(string assertion)
    {
        PesterResult result = PesterScript.RunTest(assertion);

        Assert.Equal("", result.Message);
        Assert.Equal(PesterOutcome.Passed, result.Outcome);
    }

    [Theory]
    [InlineData("4 | Should -Be 3", "Expected 3, but got 4.")]
    [InlineData("4 | Should -Be 3 -Because 'it is odd'", "Expected 3, because it is odd, but got 4.")]
    [InlineData("4 | Should -Be 3 -Because 'because it is odd'", "Expected 3, because it is odd, but got 4.")]
    [InlineData("4 | Should -Be 3 -Because 'it', 'is odd'", "Expected 3, because it is odd, but got 4.")]
    [InlineData("'3' | Should -Be 4", "Expected 4, but got '3'.")]
    [InlineData(
        "'abcd' | Should -Be 'abx'",
        "Expected 'abx', but got 'abcd'. The strings, 3 and 4 long, differ from index 2 on.")]
    [InlineData("1, 2 | Should -Be 1, 3", "Expected @(1, 3), but got @(1, 2).")]
    [InlineData("$null | Should -Be 1", "Expected 1, but got $null.")]
    [InlineData("3 | Should -Not -Be 3", "Expected anything but 3, but got 3.")]
    [InlineData("'A' | Should -BeExactly 'a'", "Expected exactly 'a', but got 'A'. The strings")]
    [InlineData("'a' | Should -Not -BeExactly 'a'", "Expected anything but exactly 'a', but got 'a'.")]
    [InlineData("0 | Should -BeTrue", "Expected $true, but got 0.")]
    [InlineData("1 | Should -BeFalse", "Expected $false, but got 1.")]
    [InlineData("$true | Should -Not -BeTrue", "Expected $false, but got $true.")]
    [InlineData("'a' | Should -BeNullOrEmpty", "Expected $null or empty, but got 'a'.")]
    [InlineData("'' | Should -Not -BeNullOrEmpty", "Expected a value, but got <empty>.")]
    [InlineData("'abc' | Should -Match 'x'", "Expected a match of the regular expression 'x', but got 'abc'.")]
    [InlineData("'abc' | Should -Not -Match 'a'", "Expected no match of the regular expression 'a', but got 'abc'.")]
    [InlineData("'a1', 'b2' | Should -Match 'a'", "Expected a match of the regular expression 'a', but got 'b2'.")]
    [InlineData(
        "'abc' | Should -MatchExactly 'A'",
        "Expected an exact match of the regular expression 'A', but got 'abc'.")]
    [InlineData("'abc' | Should -BeLike 'x*'", "Expected a match of the wildcard 'x*', but got 'abc'.")]
    [InlineData("1, 2 | Should -HaveCount 3", "Expected a collection with size 3, but got size 2: @(1, 2).")]
    [InlineData(
        "1 | Should -Not -HaveCount 1",
        "Expected a collection with a size other than 1, but got size 1: @(1).")]
    [InlineData("1, 2 | Should -Contain 3", "Expected a collection that contains 3, but got @(1, 2).")]
    [InlineData("1 | Should -Not -Contain 1", "Expected a collection that does not contain 1, but got @(1).")]
    [InlineData("3 | Should -BeIn 1, 2", "Expected a value in the collection @(1, 2), but got 3.")]
    [InlineData(
        "3 | Should -BeOfType ([string])",
        "Expected a value of type [string] or one derived from it, but got 3 of type [int].")]
    [InlineData("3 | Should -BeOfType NoSuchType", "There is no type 'NoSuchType'; ")]
    [InlineData("2 | Should -BeGreaterThan 2", "Expected a value greater than 2, but got 2.")]
    [InlineData("1 | Should -BeGreaterOrEqual 2", "Expected a value greater than or equal to 2, but got 1.")]
    [InlineData("2 | Should -BeLessThan 2", "Expected a value less than 2, but got 2.")]
    [InlineData("3 | Should -BeLessOrEqual 2", "Expected a value less than or equal to 2, but got 3.")]
    [InlineData("'TestDrive:/none' | Should -Exist", "Expected an existing path, but got 'TestDrive:/none'.")]
    [InlineData("$TestDrive | Should -Not -Exist", "Expected a path that does not exist, but got '")]
    [InlineData("1..12 | Should -Be 1", "Expected 1, but got @(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, ...2 more).")]
    [InlineData("3 | Should -BeThree", "Should does not know '-BeThree'; its operators here are -Be, ")]
    [InlineData("3 | Should -Be 3 4", "Should does not know '4'; ")]
    [InlineData("3 | Should -Be 3 -Match", "Should needs one operator and got 2: Be, Match")]
    [InlineData("3 | Should", "Should needs one operator and got 0: ")]
    public void Fails_and_says_why(string assertion, string message)
    {
        PesterResult result = PesterScript.RunTest(assertion);

        Assert.Equal(PesterOutcome.Failed, result.Outcome);
        Assert.StartsWith(message, result.Message, System.StringComparison.Ordinal);
    }

    [Fact]
    public void A_failure_names_its_file_and_line_and_those_of_its_callers()
    {
        PesterResult result = PesterScript.RunTest("function Check { 4 |\n  Should -Be 3 }\n\nCheck");

        Assert.Matches(@"\nat Sample-[0-9a-f]+\.Tests\.ps1:3: Should -Be 3", result.Message);
        Assert.Matches(@"at Check in .*Sample-[0-9a-f]+\.Tests\.ps1:line 2\n.* in .*:line 5", result.Stack);
    }
}
