using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Runtime.Versioning;
using System.Threading;
using QedTools.Storage.Native;
using QedTools.Tests.Operations;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Serving;

/// <summary>The server as a whole: what it listens on, how many it serves, and how it ends.</summary>
public sealed class ServerTests : IDisposable
{
    private readonly ServedFile _file = ServedFile.Start("qed", isTcp: true);

    // The build for netstandard2.0 has no call for it.
    public static bool CanInherit => !OperatingSystem.IsWindows()
        && typeof(QedNbdServer).Assembly.GetCustomAttribute<TargetFrameworkAttribute>()!.FrameworkName.StartsWith(".NETCoreApp", StringComparison.Ordinal);

    public void Dispose() => _file.Dispose();

    [Fact]
    public void What_was_written_and_not_flushed_is_in_the_image_after_the_end()
    {
        using NbdTestClient client = _file.Open(HeaderStyle.Structured);
        byte[] data = NbdTestHost.Bytes(1_000_000);
        data.CopyTo(_file.Model, 5000);
        Assert.Equal(0u, client.Write(5000, data));
        client.Disconnect();
        _file.StopAndCompare();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Stopping_ends_clients_that_do_nothing(bool isTcp)
    {
        using ServedFile file = ServedFile.Start("qed", isTcp: isTcp);
        using NbdTestClient idle = file.Open(HeaderStyle.Simple);
        using NbdTestClient greeted = NbdTestClient.Connect(file.Uri);
        greeted.Greet();
        greeted.List();
        using NbdTestClient silent = NbdTestClient.Connect(file.Uri);
        silent.Receive(18);
        using NbdTestClient half = file.Open(HeaderStyle.Simple);
        half.Send([.. half.Header(Nbd.CmdWrite, 1, 0, 1000), 1, 2, 3]);
        Gate.Await(() => file.Server.Clients == 4, "four clients are connected");

        new Background(() => file.Server.Stop(TimeSpan.Zero)).Join("the server stops");
        Assert.Equal(QedNbdServerState.Stopped, file.Server.State);
        foreach (NbdTestClient client in new[] { idle, greeted, silent, half })
        {
            client.AssertEnd();
        }

        using DiskStream stream = ServedFile.OpenImage(file.Path, isWritable: true);
        Assert.Equal(file.Model.Length, stream.Length);
        Assert.False(File.Exists(file.PathOf("socket")));
    }

    [Fact(Skip = "only the build for .NET takes sockets over, on Unix", SkipUnless = nameof(CanInherit))]
    public unsafe void A_socket_that_was_inherited_goes_on_listening_for_the_process_that_opened_it()
    {
        using Socket parent = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        parent.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        parent.Listen(10);
        const int Duplicate = 0; // F_DUPFD
        int descriptor = LibC.Fcntl(parent.Handle, Duplicate, null);
        string path = _file.PathOf("other.qed");
        ImageCreation.Run(path, new ImageCreationOptions { SizeBytes = 1 << 20 }, TestContext.Current.CancellationToken);
        using (QedNbdServer server = DiskServing.Start(path, new DiskServingOptions { SocketDescriptor = descriptor }, cancellation: TestContext.Current.CancellationToken))
        {
            using NbdTestClient client = NbdTestClient.Connect(server.Uri);
            client.Greet();
            new Background(() => server.Stop(TimeSpan.Zero)).Join("the server stops");
        }

        using Socket next = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        next.Connect(parent.LocalEndPoint!);
        Assert.True(parent.Poll(Patience.Limit, SelectMode.SelectRead));
        using Socket accepted = parent.Accept();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_time_that_clients_get_can_be_shortened(bool byToken)
    {
        using NbdTestClient client = _file.Open(HeaderStyle.Simple);
        using CancellationTokenSource hurry = new();
        Background first = new(() => _file.Server.Stop(TimeSpan.FromDays(1), hurry.Token));
        Gate.Await(() => _file.Server.State == QedNbdServerState.Stopping, "the server is stopping");
        if (byToken)
        {
            hurry.Cancel();
        }
        else
        {
            new Background(() => _file.Server.Stop(TimeSpan.Zero)).Join("the second stop ends");
        }

        first.Join("the first stop ends");
        Assert.Equal(QedNbdServerState.Stopped, _file.Server.State);
    }

    [Fact]
    public void A_server_that_ends_takes_nobody_new_and_lets_the_others_finish()
    {
        using NbdTestClient client = _file.Open(HeaderStyle.Structured);
        using NbdTestClient undecided = NbdTestClient.Connect(_file.Uri);
        undecided.Greet();
        Background stop = new(() => _file.Server.Stop(Patience.Limit));
        Gate.Await(() => _file.Server.State == QedNbdServerState.Stopping, "the server is stopping");
        byte[] data = NbdTestHost.Bytes(10_000);
        data.CopyTo(_file.Model, 0);
        Assert.Equal(0u, client.Write(0, data, Nbd.Fua));
        Assert.Equal(data, client.Read(0, data.Length));
        Assert.Equal(Nbd.ErrShutdown, undecided.AskOne(Nbd.OptGo, NbdTestClient.InfoQuery(string.Empty)));
        Assert.Equal(Nbd.RepAck, undecided.AskOne(Nbd.OptAbort));
        client.Disconnect();
        stop.Join("the server stops");
        _file.StopAndCompare();
    }

    [Fact]
    public void Connections_beyond_the_limit_are_closed_until_another_one_ends()
    {
        string path = ImageFiles.Make(_file.PathOf("small.qed"));
        using QedNbdServer server = ServedFile.Serve(new DiskServingOptions { Port = 0, MaxConnections = 2 }, new KeyValuePair<string, string>("small", path));
        List<NbdTestClient> clients = [.. Enumerable.Range(0, 2).Select(_ => NbdTestClient.Connect(server.Uri))];
        clients.ForEach(client => client.Greet());
        using (NbdTestClient third = NbdTestClient.Connect(server.Uri))
        {
            third.AssertEnd();
        }

        clients[0].Go().Disconnect();
        Gate.Await(() => server.Clients == 1, "one client is connected");
        using NbdTestClient next = NbdTestClient.Connect(server.Uri);
        next.Greet();
        next.Go().Read(0, 100);
        clients.ForEach(client => client.Dispose());
    }

    [Fact]
    public void Several_images_are_chosen_by_their_names()
    {
        KeyValuePair<string, string>[] exports =
        [
            new("first", ImageFiles.Make(_file.PathOf("a.qed"), size: 1 << 20)),
            new("zweite Größe/基", ImageFiles.Make(_file.PathOf("b.qed"), size: 2 << 20)),
            new(string.Empty, ImageFiles.Make(_file.PathOf("c.qed"), size: 3 << 20)),
        ];
        using QedNbdServer server = ServedFile.Serve(new DiskServingOptions { Port = 0, Writable = true }, exports);
        using (NbdTestClient client = NbdTestClient.Connect(server.Uri))
        {
            client.Greet();
            Assert.Equal(exports.Select(export => export.Key), client.List());
        }

        for (int i = 0; i < 3; i++)
        {
            using NbdTestClient client = NbdTestClient.Connect(server.Uri);
            client.Greet();
            client.Go(exports[i].Key);
            Assert.Equal((ulong)(i + 1) << 20, client.Size);
            Assert.Equal(0u, client.Write(0, [(byte)(i + 1)]));
            client.Disconnect();
        }

        server.Stop(Patience.Limit, TestContext.Current.CancellationToken);
        for (int i = 0; i < 3; i++)
        {
            using DiskStream stream = ServedFile.OpenImage(exports[i].Value);
            Assert.Equal(i + 1, stream.ReadByte());
        }
    }

    [Theory]
    [InlineData("qed")]
    [InlineData("overlay")]
    [InlineData("raw")]
    public void A_read_only_server_changes_nothing(string kind)
    {
        using ServedFile file = ServedFile.Start(kind, isReadOnly: true);
        using NbdTestClient client = file.Open(HeaderStyle.Extended);
        Assert.True(client.Read(0, file.Model.Length).AsSpan().SequenceEqual(file.Model));
        Assert.Equal(Nbd.EPerm, client.Write(0, new byte[100]));
        Assert.Equal(Nbd.EPerm, client.Do(Nbd.CmdTrim, 0, 65_536));
        Assert.Equal(0u, client.Do(Nbd.CmdFlush));
        client.Disconnect();
        file.StopAndCompare();
    }

    [Fact]
    public void Clients_that_come_while_the_server_ends_are_not_left_behind()
    {
        string path = ImageFiles.Make(_file.PathOf("small.qed"));
        for (int round = 0; round < 20; round++)
        {
            using QedNbdServer server = ServedFile.Serve(new DiskServingOptions { Port = 0 }, new KeyValuePair<string, string>("disk", path));
            List<NbdTestClient> clients = [];
            Background comers = new(() =>
            {
                try
                {
                    for (int i = 0; i < 5; i++)
                    {
                        clients.Add(NbdTestClient.Connect(server.Uri));
                    }
                }
                catch (System.Net.Sockets.SocketException)
                {
                    // It listens no more.
                }
            });
            server.Stop(TimeSpan.Zero, TestContext.Current.CancellationToken);
            Assert.Equal(0, server.Clients);
            comers.Join("clients connect");
            clients.ForEach(client =>
            {
                client.AssertEndSoon();
                client.Dispose();
            });
            Assert.Equal(0, server.Clients);
        }
    }
}
