using System.Management.Automation;

namespace QedTools.Tests.Interpreter.Words;

/// <summary>It.</summary>
[Cmdlet(VerbsCommon.Add, "PesterTest")]
public sealed class TestCommand : DeclaringWord
{
    /// <summary>What the test does.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    public ScriptBlock Test { get; set; } = null!;

    /// <inheritdoc/>
    protected override void EndProcessing() => Discovery.AddTest(Declare(Test), Scope);
}
