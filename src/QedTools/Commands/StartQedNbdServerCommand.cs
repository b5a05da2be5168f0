using System;
using System.Collections.Generic;
using System.Linq;
using System.Management.Automation;
using System.Security.Cryptography.X509Certificates;
using QedTools.Completion;
using QedTools.Sessions;

namespace QedTools.Commands;

/// <summary>Start-QedNbdServer: serves disks to other programs and computers over NBD.</summary>
[Cmdlet(VerbsLifecycle.Start, "QedNbdServer", DefaultParameterSetName = "Path", SupportsShouldProcess = true)]
[OutputType(typeof(QedNbdServer))]
public sealed class StartQedNbdServerCommand : QedContentsCommand
{
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(200);

    private readonly List<DiskServingExport> _exports = [];

    /// <summary>Let clients write to the images, which are then locked for everybody else.</summary>
    [Parameter]
    public SwitchParameter ReadWrite { get; set; }

    /// <summary>Let clients write, but to a temporary file that vanishes with the server: the images stay as they are.</summary>
    [Parameter]
    public SwitchParameter Temporary { get; set; }

    /// <summary>The name that clients choose the disk by. By default the file's name, with -part2 and so on for a partition.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    public string? ExportName { get; set; }

    /// <summary>The address to listen on: a name or an IP address of this computer, or 0.0.0.0 or :: for all of them.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ListenAddressCompleter))]
    public string Address { get; set; } = "127.0.0.1";

    /// <summary>The TCP port to listen on; 0 for any free one.</summary>
    [Parameter]
    [ValidateRange(0, 65535)]
    public int Port { get; set; } = DiskServingOptions.DefaultPort;

    /// <summary>The Unix socket to create and listen on, instead of a TCP port.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? SocketPath { get; set; }

    /// <summary>The server's certificate, with its private key: clients must then use TLS.</summary>
    [Parameter]
    [ValidateNotNull]
    public X509Certificate2? Certificate { get; set; }

    /// <summary>Require clients to have a certificate too.</summary>
    [Parameter]
    public SwitchParameter RequireClientCertificate { get; set; }

    /// <summary>The authorities that the clients' certificates may be from. By default those that this computer trusts.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public X509Certificate2[] ClientAuthority { get; set; } = [];

    /// <summary>How many clients may be connected at once.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int MaxConnections { get; set; } = 100;

    /// <summary>Stay until Ctrl+C or SIGTERM, instead of serving in the background of the session.</summary>
    [Parameter]
    public SwitchParameter Wait { get; set; }

    /// <summary>
    /// Let clients write to a file that is raw by its extension even if it begins like an image of another format, or to one that is the backing
    /// file of other images, which will read wrong data afterwards.
    /// </summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (_exports.Count > 0)
        {
            ForItem(_exports[0].Path, StartServer);
        }
    }

    // All belong to one server, so it starts when all are known.
    private protected override void ProcessFile(string path) =>
        _exports.Add(new DiskServingExport(ExportName ?? DiskServing.NameOf(path, Partition), path) { Partition = Partition });

    private void StartServer()
    {
        if (SocketPath is not null && (IsTyped(nameof(Address)) || IsTyped(nameof(Port))))
        {
            throw new QedRequestException(_exports[0].Path, nameof(SocketPath), SocketPath, "a socket or a port", Messages.SocketAndPort);
        }

        // A socket that this process was started with is meant for the first server, unless the user says where to listen.
        bool saysWhere = SocketPath is not null || IsTyped(nameof(Address)) || IsTyped(nameof(Port));
        DiskServingOptions options = ToOptions(
            socket: saysWhere ? null : SessionStreams.IsWhatIf(this) ? DiskServing.FindActivatedSocket() : DiskServing.TakeActivatedSocket());
        try
        {
            IReadOnlyList<QedNbdExport> planned = DiskServing.Plan(_exports, options with { Trace = PlanTrace }, Cancellation);
            bool isOpen = options.SocketPath is null && options.SocketDescriptor is null && options.Certificate is null && !DiskServing.IsLoopback(Address);
            Warn(isOpen ? Messages.ServesUnprotected(Address, ReadWrite || Temporary) : null);
            DiskServingExport[] wanted = [.. _exports.Where((_, i) => ShouldDo(Messages.ServeAction(planned[i], Place(options))))];
            if (wanted.Length == 0)
            {
                return;
            }

            QedNbdServer server = WithProgress(
                Messages.Checking, wanted[0].Path, progress => DiskServing.Start(wanted, options with { Trace = Trace }, progress, Cancellation));
            SessionServers.Add(server);
            if (Wait)
            {
                WriteAndWaitFor(server);
            }
            else
            {
                WriteObject(server);
            }
        }
        catch (QedException e) when (_exports.Any(export => export.Path == e.Path))
        {
            WriteError(e, e.Path);
        }
    }

    private DiskServingOptions ToOptions(int? socket) => new()
    {
        SourceFormat = SourceFormat,
        SourceBackingFile = SourceBackingPath,
        BackingFolders = BackingFolderPaths,
        Snapshot = Snapshot,
        AllowUnc = AllowUnc,
        ForceShare = ForceShare,
        Writable = ReadWrite,
        Temporary = Temporary,
        AllowOtherContents = Force,
        AllowOtherOverlays = Force,
        Address = Address,
        Port = Port,
        SocketPath = SocketPath is null ? null : SessionPaths.ToHost(this, SocketPath),
        SocketDescriptor = socket,
        Certificate = Certificate,
        RequireClientCertificate = RequireClientCertificate,
        ClientAuthorities = ClientAuthority,
        MaxConnections = MaxConnections,
    };

    private static string Place(DiskServingOptions options) => options.SocketPath is { } path ? path
        : options.SocketDescriptor is not null ? Messages.InheritedSocket
        : options.Port == 0 ? options.Address
        : FormattableString.Invariant($"{options.Address}:{options.Port}");

    // Until the server is stopped, by Ctrl+C or by another thread, or the rest of the pipeline ends. Meanwhile this thread writes what the server
    // reports. A server that takes no new clients any more still serves those that it has.
    private void WriteAndWaitFor(QedNbdServer server)
    {
        try
        {
            WriteObject(server);
            while (!Cancellation.WaitHandle.WaitOne(Glance)
                && (server.State == QedNbdServerState.Running || (server.State == QedNbdServerState.Failed && server.Clients > 0)))
            {
                FlushTrace();
            }
        }
        finally
        {
            SessionServers.Remove(server);
            server.Stop(TimeSpan.Zero);
        }
    }
}
