using System.Management.Automation;

namespace QedTools.Tests.Interpreter.Words;

/// <summary>Set-ItResult -Skipped: leaves the test, which then counts as skipped.</summary>
[Cmdlet(VerbsCommon.Set, "ItResult")]
public sealed class SetItResultCommand : PSCmdlet
{
    /// <summary>The one result that makes sense here; Pester has more.</summary>
    [Parameter(Mandatory = true)]
    public SwitchParameter Skipped { get; set; }

    /// <summary>Why the test cannot run here.</summary>
    [Parameter]
    public string Because { get; set; } = "Set-ItResult -Skipped";

    /// <inheritdoc/>
    protected override void EndProcessing() => ThrowTerminatingError(new ErrorRecord(
        new PesterSkipException(Because), "PesterTestSkipped", ErrorCategory.InvalidResult, null));
}
