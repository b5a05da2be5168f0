using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using QedTools.Disks;
using QedTools.Interchange.Raw;
using QedTools.Qed.Format;
using QedTools.Serving;
using QedTools.Storage;
using QedTools.Tests.DataPlane;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Serving;

/// <summary>A server without sockets and files: real connections over links in memory, for disks that a test makes.</summary>
internal sealed class NbdTestHost : INbdClientOwner, IDisposable
{
    /// <summary>The size of the clusters of its QED disks, in bytes.</summary>
    public const int Cluster = 4096;

    private readonly NbdWatch _watch;
    private readonly NbdClients _clients;
    private readonly List<string> _explanations = [];
    private readonly List<Exception> _errors = [];
    private long _ahead;

    public NbdTestHost(params NbdExport[] exports)
        : this(exports, maxConnections: 100)
    {
    }

    public NbdTestHost(IReadOnlyList<NbdExport> exports, int maxConnections)
    {
        Exports = new NbdExports(exports);
        _watch = new NbdWatch(() => NbdWatch.Now + Interlocked.Read(ref _ahead));
        _clients = new NbdClients(maxConnections, _watch);
    }

    public NbdExports Exports { get; }

    public NbdTls? Tls => null;

    public NbdTotals Totals { get; } = new();

    public NbdWatch? Watch => _watch;

    public bool IsStopping { get; set; }

    public bool IsRefusing { get; set; }

    /// <summary>The connection of the client that came last.</summary>
    public NbdConnection? Latest { get; private set; }

    /// <summary>How many clients are connected.</summary>
    public int Count => _clients.Count;

    /// <summary>What it said about connections that it ended.</summary>
    public List<string> Explanations => Copy(_explanations);

    /// <summary>The errors of disks, and its own.</summary>
    public List<Exception> Errors => Copy(_errors);

    /// <summary>An export of a disk.</summary>
    public static NbdExport Export(IDisk disk, string name = "disk", bool isReadOnly = false) =>
        new(new QedNbdExport(name, name, disk.Length, isReadOnly, IsTemporary: false), disk, Cluster, () => { });

    /// <summary>A raw disk in memory.</summary>
    public static IDisk Raw(byte[] contents) => new RawDisk(MemoryStorage.Of("disk.raw", contents));

    /// <summary>An empty QED disk in memory.</summary>
    public static IDisk Qed(long size, IDisk? below = null, IStorage? storage = null)
    {
        storage ??= new MemoryStorage();
        BackingReference? backing = below is null ? null : new BackingReference("below.raw", IsRaw: true);
        TestImage.Create(storage, new QedGeometry(Cluster, 2), size, backing: backing);
        return TestImage.OpenForWriting(storage).ToDisk(below);
    }

    /// <summary>Random bytes.</summary>
    public static byte[] Bytes(int count, int seed = 1)
    {
        byte[] bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <summary>A client that has connected and nothing else.</summary>
    public NbdTestClient Connect() => Connect(new MemoryLink());

    /// <summary>A client at the end of a link, that has connected and nothing else.</summary>
    public NbdTestClient Connect(MemoryLink link)
    {
        Assert.True(TryConnect(link), "The client was turned away.");
        return new NbdTestClient(link.Stream);
    }

    /// <summary>Serves the client at the end of a link, unless there are too many.</summary>
    public bool TryConnect(MemoryLink link) => _clients.TryServe(Latest = new NbdConnection(link.Channel, this));

    /// <summary>A client that has taken part in the greeting.</summary>
    public NbdTestClient Greet()
    {
        NbdTestClient client = Connect();
        client.Greet();
        return client;
    }

    /// <summary>A client that has chosen an export.</summary>
    /// <param name="style">The form of requests and replies.</param>
    /// <param name="export">The name of the export.</param>
    /// <param name="link">The link; null for a new one.</param>
    /// <param name="contexts">The metadata contexts to choose.</param>
    public NbdTestClient Open(HeaderStyle style, string export = "disk", MemoryLink? link = null, params string[] contexts)
    {
        NbdTestClient client = Connect(link ?? new MemoryLink());
        client.Greet();
        client.Agree(style);
        if (contexts.Length > 0)
        {
            Assert.Equal(Nbd.RepAck, client.SetContexts(export, contexts));
        }

        return client.Go(export);
    }

    /// <summary>Forgets the errors so far, which the test has looked at.</summary>
    public void Forgive()
    {
        lock (_errors)
        {
            _errors.Clear();
        }
    }

    /// <summary>Lets time pass.</summary>
    public void Advance(TimeSpan time) => Interlocked.Add(ref _ahead, (long)(time.TotalSeconds * System.Diagnostics.Stopwatch.Frequency));

    /// <summary>Waits until so many clients are connected.</summary>
    public void AwaitClients(int count) => Gate.Await(() => Count == count, $"{count} clients are connected");

    public void Report(NbdExport? export, Exception error) => Add(_errors, error);

    public void Explain(string what) => Add(_explanations, what);

    public void Dispose()
    {
        _clients.ForAll(static client => client.Abort());
        Assert.True(_clients.WaitForNone(Patience.Limit), "Not all connections ended.");
        _watch.Dispose();
        Assert.Equal([], Errors.Where(error => error is not QedException).Select(error => error.ToString()));
    }

    private static void Add<T>(List<T> list, T item)
    {
        lock (list)
        {
            list.Add(item);
        }
    }

    private static List<T> Copy<T>(List<T> list)
    {
        lock (list)
        {
            return [.. list];
        }
    }
}
