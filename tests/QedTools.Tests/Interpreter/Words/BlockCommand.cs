using System.Management.Automation;

namespace QedTools.Tests.Interpreter.Words;

/// <summary>Describe and Context.</summary>
[Cmdlet(VerbsCommon.Add, "PesterBlock")]
public sealed class BlockCommand : DeclaringWord
{
    /// <summary>The blocks, tests and setups in it.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    public ScriptBlock Fixture { get; set; } = null!;

    /// <inheritdoc/>
    protected override void EndProcessing() => Discovery.AddBlock(Declare(Fixture), Scope);
}
