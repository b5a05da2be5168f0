using System.Management.Automation;
using QedTools.Completion;
using QedTools.Sessions;

namespace QedTools.Commands;

/// <summary>Get-QedNbdServer: the servers that this session has started and not stopped yet.</summary>
[Cmdlet(VerbsCommon.Get, "QedNbdServer")]
[OutputType(typeof(QedNbdServer))]
public sealed class GetQedNbdServerCommand : QedCommand
{
    /// <summary>The addresses of the servers, as their property Uri has them; wildcards are allowed. By default all.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ServerUriCompleter))]
    public string[] Uri { get; set; } = ["*"];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string uri in Uri)
        {
            ForItem(uri, () => WriteObject(SessionServers.Matching(uri), enumerateCollection: true));
        }
    }
}
