using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Net.Sockets;
using System.Threading;
using QedTools.Serving;
using QedTools.Storage;

namespace QedTools;

/// <summary>A server that offers disks over the network or a Unix socket by the NBD protocol, until it is stopped.</summary>
/// <remarks>All members can be used from any thread. The images stay open, and locked for others, until the server has ended.</remarks>
public sealed class QedNbdServer : IDisposable, INbdClientOwner
{
    private static readonly TimeSpan LastReplies = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan AcceptPause = TimeSpan.FromMilliseconds(100);
    private const int MaxAcceptErrors = 50;

    private readonly object _stopping = new();
    private readonly NbdExports _exports;
    private readonly NbdListener _listener;
    private readonly NbdTls? _tls;
    private readonly NbdTotals _totals = new();
    private readonly NbdWatch _watch = new();
    private readonly NbdClients _clients;
    private readonly OperationTrace? _trace;
    private readonly ManualResetEventSlim _stop = new(initialState: false);
    private readonly ManualResetEventSlim _ended = new(initialState: false);
    private readonly Thread _acceptor;
    private long _graceEnd = long.MaxValue;
    private volatile bool _isStopping;
    private volatile bool _isRefusing;
    private volatile bool _cannotAccept;
    private volatile bool _hasFailed;
    private volatile string? _lastError;
    private string? _lastExplained;

    internal QedNbdServer(IReadOnlyList<NbdExport> exports, NbdListener listener, NbdTls? tls, int maxConnections, OperationTrace? trace)
    {
        _exports = new NbdExports(exports);
        _listener = listener;
        _tls = tls;
        _trace = trace;
        _clients = new NbdClients(maxConnections, _watch);
        Exports = new ResultList<QedNbdExport>([.. exports.Select(export => export.Facts)]);
        Uri = NbdUri.Of(listener, isEncrypted: tls is not null, exports);
        StartTime = DateTime.Now;
        ProcessEnd.Add(Dispose);
        _acceptor = new Thread(Accept) { IsBackground = true, Name = "NBD server" };
        _acceptor.Start();
    }

    /// <summary>Where clients find it: nbd://host:port/name, nbds:// with TLS, nbd+unix:// for a socket. With the export's name if there is only one export.</summary>
    public string Uri { get; }

    /// <summary>The disks that it offers.</summary>
    public IReadOnlyList<QedNbdExport> Exports { get; }

    /// <summary>What it is doing.</summary>
    public QedNbdServerState State =>
        _ended.IsSet ? (_hasFailed ? QedNbdServerState.Failed : QedNbdServerState.Stopped)
        : _isStopping ? QedNbdServerState.Stopping
        : _cannotAccept ? QedNbdServerState.Failed
        : QedNbdServerState.Running;

    /// <summary>When it was started.</summary>
    public DateTime StartTime { get; }

    /// <summary>How many clients are connected now.</summary>
    public int Clients => _clients.Count;

    /// <summary>What all clients have read so far, in bytes; unallocated ranges and zeroes included.</summary>
    public long BytesRead => _totals.Read;

    /// <summary>The data that all clients have written so far, in bytes.</summary>
    public long BytesWritten => _totals.Written;

    /// <summary>The last error of a disk or of the server, in words; null if there was none.</summary>
    public string? LastError => _lastError;

    NbdExports INbdClientOwner.Exports => _exports;

    NbdTls? INbdClientOwner.Tls => _tls;

    NbdTotals INbdClientOwner.Totals => _totals;

    NbdWatch? INbdClientOwner.Watch => _watch;

    bool INbdClientOwner.IsStopping => _isStopping;

    bool INbdClientOwner.IsRefusing => _isRefusing;

    /// <summary>
    /// Ends the server: it takes no new clients, gives the others time to end, cuts them off, writes everything to the disk and closes the images.
    /// Does nothing if it has ended.
    /// </summary>
    /// <param name="grace">
    /// How much time clients get; what they ask for in this time is done. If another thread is stopping the server already, the shorter time counts.
    /// </param>
    /// <param name="cancellation">Ends the time that clients get; the server is stopped all the same.</param>
    /// <exception cref="QedException">The last changes of an image could not be written. The server has ended all the same.</exception>
    public void Stop(TimeSpan grace, CancellationToken cancellation = default)
    {
        EndGraceAt(NbdWatch.After(grace));
        using CancellationTokenRegistration registration = cancellation.Register(() => EndGraceAt(NbdWatch.Now));
        lock (_stopping)
        {
            if (_ended.IsSet)
            {
                return;
            }

            _isStopping = true;
            _stop.Set();
            _listener.Close();

            // It may be about to serve a client that it has just accepted, who must not be overlooked. It hangs only if another process has taken a
            // client of an inherited socket away from it; closing the socket ends that.
            if (!_acceptor.Join(LastReplies))
            {
                _listener.Dispose();
                _acceptor.Join();
            }

            _listener.Dispose();
            if (!_clients.WaitForNone(() => Interlocked.Read(ref _graceEnd)))
            {
                _isRefusing = true;
                _clients.ForAll(client => client.EndReceiving());
                if (!_clients.WaitForNone(LastReplies))
                {
                    _clients.ForAll(client => client.Abort());
                    _clients.WaitForNone(Timeout.InfiniteTimeSpan);
                }
            }

            _watch.Dispose();
            ProcessEnd.Remove(Dispose);
            QedException? error = CloseExports();
            _hasFailed = error is not null;
            _ended.Set();
            if (error is not null)
            {
                throw error;
            }
        }
    }

    private void EndGraceAt(long time)
    {
        long before;
        do
        {
            before = Interlocked.Read(ref _graceEnd);
        }
        while (time < before && Interlocked.CompareExchange(ref _graceEnd, time, before) != before);

        _clients.LookAgain();
    }

    /// <summary>Waits until the server has ended.</summary>
    /// <param name="cancellation">Stops the waiting, not the server.</param>
    /// <exception cref="OperationCanceledException">The waiting was stopped.</exception>
    public void Wait(CancellationToken cancellation = default) => _ended.Wait(cancellation);

    /// <summary>Ends the server without giving clients time, unless it has ended. Errors are in <see cref="LastError"/> only.</summary>
    public void Dispose()
    {
        try
        {
            Stop(TimeSpan.Zero);
        }
        catch (QedException)
        {
            // It was reported.
        }
    }

    /// <summary>The URI.</summary>
    public override string ToString() => Uri;

    void INbdClientOwner.Report(NbdExport? export, Exception error)
    {
        string text = error is QedException
            ? error.Message
            : $"An unexpected error while {(export is null ? "a client" : $"'{export.Facts.Path}'")} was served: {error.GetType().Name}, {error.Message}";
        bool isNew = text != _lastError;
        _lastError = text;
        if (isNew)
        {
            _trace?.Warn(text);
        }
    }

    void INbdClientOwner.Explain(string what)
    {
        // A client that tries again and again is worth one line.
        if (Interlocked.Exchange(ref _lastExplained, what) != what)
        {
            _trace?.Decision?.Invoke($"{Uri}: {what}");
        }
    }

    private void Accept()
    {
        for (int errors = 0; !_isStopping;)
        {
            try
            {
                Serve(_listener.Accept());
                errors = 0;
            }
            catch (Exception) when (_isStopping)
            {
                return;
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                // A client that gave up, or no more descriptors at the moment.
                if (++errors > MaxAcceptErrors)
                {
                    _cannotAccept = true;
                    ((INbdClientOwner)this).Report(export: null, e);
                    return;
                }

                _stop.Wait(AcceptPause);
            }
        }
    }

    private void Serve(Socket socket)
    {
        if (!_clients.TryServe(new NbdConnection(new NbdSocketChannel(socket), this)))
        {
            socket.Dispose();
            ((INbdClientOwner)this).Explain(string.Format(CultureInfo.InvariantCulture, "A client was turned away: {0} are connected, which is the maximum.", Clients));
        }
    }

    // All are closed, whatever happens to the others; the first error counts.
    private QedException? CloseExports()
    {
        QedException? first = null;
        foreach (NbdExport export in _exports.All)
        {
            try
            {
                export.Close();
            }
            catch (QedException e)
            {
                first ??= e;
                ((INbdClientOwner)this).Report(export, e);
            }
        }

        return first;
    }
}
