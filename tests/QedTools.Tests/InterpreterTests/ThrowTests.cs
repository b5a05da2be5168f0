using QedTools.Tests.Interpreter;
using Xunit;

namespace QedTools.Tests.InterpreterTests;

/// <summary>Should -Throw.</summary>
public sealed class ThrowTests
{
    [Theory]
    [InlineData("{ throw 'x' } | Should -Throw")]
    [InlineData("{ throw 'Disk is full' } | Should -Throw 'disk*'")]
    [InlineData("{ throw 'Disk is full' } | Should -Throw -ExpectedMessage '*full'")]
    [InlineData("{ throw [System.IO.IOException]::new('x') } | Should -Throw -ExceptionType ([System.IO.IOException])")]
    [InlineData("{ throw [IO.FileNotFoundException]::new('x') } | Should -Throw -ExceptionType ([IO.IOException])")]
    [InlineData("{ Import-Module no-such -ErrorAction Stop } | Should -Throw -ErrorId 'Modules_ModuleNotFound,*'")]
    [InlineData("{ [int]::Parse('x'); 'goes on' } | Should -Throw '*not in a correct format*'")]
    [InlineData("{ throw 'x' } | Should -Throw 'X' -ErrorId 'x' -ExceptionType ([System.Exception]) -Because 'b'")]
    [InlineData("$thrown = { throw 'x' } | Should -Throw -PassThru; $thrown.Exception.Message | Should -Be 'x'")]
    [InlineData("$before = 1; { $before = 2 } | Should -Not -Throw; $before | Should -Be 1")]
    [InlineData("{ } | Should -Not -Throw")]
    [InlineData("{ 'output' } | Should -Not -Throw | Should -BeNullOrEmpty")]
    [InlineData("{ Import-Module no-such } | Should -Not -Throw")]
    [InlineData("{ 1 | Should -Be 2 } | Should -Throw 'Expected 2, but got 1.'")]
    public void Holds(string assertion)
    {
        PesterResult result = PesterScript.RunTest(assertion);

        Assert.Equal("", result.Message);
        Assert.Equal(PesterOutcome.Passed, result.Outcome);
    }

    [Theory]
    [InlineData("{ } | Should -Throw", "Expected an exception, but nothing was thrown.")]
    [InlineData(
        "{ } | Should -Throw 'x' -Because 'y'",
        "Expected an exception with a message like 'x', because y, but nothing was thrown.")]
    [InlineData(
        "{ throw 'a' } | Should -Throw 'b'",
        "Expected an exception with a message like 'b', but the message was 'a': "
            + "[System.Management.Automation.RuntimeException] 'a' from line 2: { throw 'a' } | Should -Throw 'b'.")]
    [InlineData(
        "{ throw 'a' } | Should -Throw -ErrorId 'b' -ExceptionType ([System.IO.IOException])",
        "Expected an exception with type [System.IO.IOException] and FullyQualifiedErrorId 'b', but the type was "
            + "[System.Management.Automation.RuntimeException] and the FullyQualifiedErrorId was 'a': ")]
    [InlineData(
        "{ throw 'a' } | Should -Not -Throw",
        "Expected no exception, but got [System.Management.Automation.RuntimeException] 'a' from line 2: ")]
    [InlineData("'text' | Should -Throw", "Should -Throw needs a script block: { ... } | Should -Throw")]
    [InlineData("{ 1 } | Should -Be { 2 }", "Expected { 2 }, but got { 1 }.")]
    public void Fails_and_says_why(string assertion, string message)
    {
        PesterResult result = PesterScript.RunTest(assertion);

        Assert.Equal(PesterOutcome.Failed, result.Outcome);
        Assert.StartsWith(message, result.Message, System.StringComparison.Ordinal);
    }
}
