using System.Management.Automation;

namespace QedTools.Tests.Interpreter.Words;

/// <summary>BeforeDiscovery: runs at once, in the scope it stands in.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "PesterDiscovery")]
public sealed class BeforeDiscoveryCommand : PesterWord
{
    /// <summary>What to run.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    public ScriptBlock Script { get; set; } = null!;

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        // Asked for its complaint in a test, where this word has no meaning.
        _ = Discovery;
        Scope.DotSource(Script);
    }
}
