using System.Management.Automation;

namespace QedTools.Shell.Commands;

/// <summary>Get-ChildItem: what a folder holds.</summary>
[Cmdlet(VerbsCommon.Get, "ChildItem")]
internal sealed class GetChildItemCommand : PSCmdlet
{
    /// <summary>The folders, or patterns of files.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    public string[] Path { get; set; } = ["."];

    /// <summary>Whether to descend into the folders below.</summary>
    [Parameter]
    public SwitchParameter Recurse { get; set; }

    /// <summary>Whether hidden files show too.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (PSObject item in InvokeProvider.ChildItem.Get(Path, Recurse, Force, literalPath: false))
        {
            WriteObject(item);
        }
    }
}
