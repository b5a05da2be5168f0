using System;
using System.Management.Automation;

namespace QedTools.Tests.Interpreter.Words;

/// <summary>BeforeAll, BeforeEach, AfterEach and AfterAll.</summary>
[Cmdlet(VerbsCommon.Add, "PesterSetup")]
public sealed class SetupCommand : PesterWord
{
    /// <summary>What to run.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    public ScriptBlock Script { get; set; } = null!;

    /// <inheritdoc/>
    protected override void EndProcessing() =>
        Discovery.AddSetup(Enum.Parse<SetupKind>(MyInvocation.InvocationName, ignoreCase: true), Script);
}
