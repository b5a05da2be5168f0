using System.Management.Automation;

namespace QedTools.Shell.Commands;

/// <summary>Set-Location: changes the current folder; without a path, to the user's home.</summary>
[Cmdlet(VerbsCommon.Set, "Location")]
[OutputType(typeof(PathInfo))]
internal sealed class SetLocationCommand : PSCmdlet
{
    /// <summary>The folder to go to.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    public string Path { get; set; } = "~";

    /// <summary>Whether to return the new location.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        PathInfo location = SessionState.Path.SetLocation(Path);
        if (PassThru)
        {
            WriteObject(location);
        }
    }
}
