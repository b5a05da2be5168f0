using System;
using System.Collections.Generic;
using System.Management.Automation;
using QedTools.Completion;
using QedTools.Sessions;

namespace QedTools.Commands;

/// <summary>Stop-QedNbdServer: ends servers of this session; everything that clients wrote is on the disk afterwards, and the images are closed.</summary>
[Cmdlet(VerbsLifecycle.Stop, "QedNbdServer", DefaultParameterSetName = "Uri", SupportsShouldProcess = true)]
[OutputType(typeof(QedNbdServer))]
public sealed class StopQedNbdServerCommand : QedCommand
{
    private const string ByServer = "InputObject";

    /// <summary>The addresses of the servers, as their property Uri has them; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Uri")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(ServerUriCompleter))]
    public string[] Uri { get; set; } = [];

    /// <summary>The servers, from Start-QedNbdServer or Get-QedNbdServer.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = ByServer)]
    [ValidateNotNull]
    public QedNbdServer[] InputObject { get; set; } = [];

    /// <summary>How long clients may go on, in seconds, before they are cut off.</summary>
    [Parameter]
    [ValidateRange(0, 86400)]
    public int GracePeriodSeconds { get; set; } = 5;

    /// <summary>Write the stopped servers to the pipeline.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == ByServer)
        {
            StopAll(InputObject);
            return;
        }

        foreach (string uri in Uri)
        {
            ForItem(uri, () => StopAll(SessionServers.Matching(uri)));
        }
    }

    private void StopAll(IEnumerable<QedNbdServer> servers)
    {
        foreach (QedNbdServer server in servers)
        {
            ForItem(server.Uri, () => StopServer(server));
        }
    }

    private void StopServer(QedNbdServer server)
    {
        if (!ShouldDo(Messages.StopAction(server)))
        {
            return;
        }

        try
        {
            server.Stop(TimeSpan.FromSeconds(GracePeriodSeconds), Cancellation);
        }
        finally
        {
            SessionServers.Remove(server);
        }

        if (PassThru)
        {
            WriteObject(server);
        }
    }
}
