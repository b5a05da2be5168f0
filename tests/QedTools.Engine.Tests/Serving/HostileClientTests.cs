using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using QedTools.Serving;
using QedTools.Tests.DataPlane;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Serving;

/// <summary>Clients that want to harm the server or to learn what is not theirs.</summary>
[Collection(nameof(Alone))]
public sealed class HostileClientTests : IDisposable
{
    private const int Size = 1 << 20;
    private readonly ProbeDisk _disk = new(NbdTestHost.Raw(NbdTestHost.Bytes(Size)));
    private readonly NbdTestHost _host;

    public HostileClientTests() => _host = new NbdTestHost([NbdTestHost.Export(_disk)], maxConnections: 4);

    public static TheoryData<HeaderStyle> Styles => HandshakeTests.Styles;

    public void Dispose() => _host.Dispose();

    [Theory]
    [InlineData(Nbd.OptExportName, 4097)]
    [InlineData(Nbd.OptExportName, uint.MaxValue)]
    [InlineData(Nbd.OptGo, uint.MaxValue)]
    [InlineData(Nbd.OptList, 1u << 31)]
    [InlineData(Nbd.OptSetMetaContext, (1 << 20) + 1)]
    [InlineData(12345, uint.MaxValue)]
    public void The_length_of_an_option_is_checked_before_anything_is_allocated(uint option, uint length)
    {
        using NbdTestClient client = _host.Greet();
        long allocated = Allocated(() =>
        {
            client.SendOption(option, new byte[100], length);
            if (length > 1 << 20)
            {
                client.AssertEnd();
            }
        });
        Assert.InRange(allocated, 0, 1 << 20);
        if (length <= 1 << 20)
        {
            client.Send(new byte[length - 100]);
            client.AssertEnd();
        }
    }

    [Theory]
    [InlineData(uint.MaxValue)]
    [InlineData(int.MaxValue)]
    [InlineData(0x80000000)]
    [InlineData(4097)]
    public void Lengths_and_counts_inside_an_option_cost_nothing(uint number)
    {
        using NbdTestClient client = _host.Greet().Agree(HeaderStyle.Structured);
        byte[] length = NbdTestClient.UInt32(number);
        byte[] name = NbdTestClient.Text("disk");
        Assert.InRange(
            Allocated(() =>
            {
                Assert.Equal(Nbd.ErrInvalid, client.AskOne(Nbd.OptGo, [.. length, .. name]));
                Assert.Equal(Nbd.ErrInvalid, client.AskOne(Nbd.OptSetMetaContext, [.. length, .. name]));
                Assert.Equal(Nbd.ErrInvalid, client.AskOne(Nbd.OptSetMetaContext, [.. name, .. length]));
                Assert.Equal(Nbd.ErrInvalid, client.AskOne(Nbd.OptListMetaContext, [.. name, .. NbdTestClient.UInt32(1), .. length]));
                Assert.Equal(Nbd.ErrInvalid, client.AskOne(Nbd.OptListMetaContext, [.. name, .. length, .. new byte[30_000]]));
            }),
            0,
            1 << 20);
        client.Go("disk");
    }

    [Theory]
    [MemberData(nameof(Styles))]
    public void The_length_of_a_request_is_checked_before_anything_is_allocated(HeaderStyle style)
    {
        using NbdTestClient client = _host.Open(style);
        Assert.InRange(
            Allocated(() =>
            {
                Assert.NotEqual(0u, client.Do(Nbd.CmdRead, 0, uint.MaxValue));
                Assert.NotEqual(0u, client.Do(Nbd.CmdBlockStatus, 0, uint.MaxValue));
                Assert.NotEqual(0u, client.Do(Nbd.CmdWriteZeroes, 0, uint.MaxValue));
                client.Send(client.Header(Nbd.CmdWrite, 1, 0, uint.MaxValue, style == HeaderStyle.Extended ? Nbd.PayloadLen : 0));
                client.AssertEnd();
            }),
            0,
            2 << 20);
    }

    [Fact]
    public void A_handshake_has_ten_seconds_altogether()
    {
        MemoryLink silent = new();
        MemoryLink slow = new();
        using NbdTestClient first = _host.Connect(silent);
        using NbdTestClient second = _host.Connect(slow);
        second.Greet();
        using NbdTestClient done = _host.Open(HeaderStyle.Simple);

        _host.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(["disk"], second.List());
        Assert.False(silent.IsEnded);
        _host.Advance(TimeSpan.FromSeconds(1.5));
        first.AssertEndSoon();
        second.AssertEndSoon();
        _host.AwaitClients(1);

        // Whoever has chosen an export has all the time in the world.
        _host.Advance(TimeSpan.FromDays(1));
        Assert.Equal(100, done.Read(0, 100).Length);
    }

    [Fact]
    public void A_connection_is_ended_at_its_deadline_and_not_before()
    {
        MemoryLink link = new();
        NbdConnection connection = new(link.Channel, _host);
        long second = System.Diagnostics.Stopwatch.Frequency;
        long now = NbdWatch.Now;
        Assert.Equal(NbdActivity.Handshake, connection.Look(now + (9 * second), second));
        Assert.False(link.IsEnded);
        Assert.Equal(NbdActivity.Handshake, connection.Look(now + (11 * second), second));
        Assert.True(link.IsEnded);
    }

    [Fact]
    public void Clients_beyond_the_limit_are_turned_away_and_harm_nobody()
    {
        List<NbdTestClient> clients = [.. Enumerable.Range(0, 4).Select(_ => _host.Open(HeaderStyle.Simple))];
        Assert.False(_host.TryConnect(new MemoryLink()));
        Assert.Equal(100, clients[0].Read(0, 100).Length);
        clients[3].Disconnect();
        _host.AwaitClients(3);
        using NbdTestClient next = _host.Open(HeaderStyle.Simple);
        Assert.Equal(100, next.Read(0, 100).Length);
        clients.ForEach(client => client.Dispose());
    }

    [Theory]
    [InlineData(100, 0)]
    [InlineData(100, 50)]
    [InlineData(200_000, 100_000)]
    [InlineData(900_000, 600_000)]
    public void A_connection_that_breaks_in_the_middle_of_a_write_harms_nothing_that_was_flushed(int length, int sent)
    {
        MemoryStorage file = new();
        byte[] data = NbdTestHost.Bytes(100_000);
        using (NbdTestHost host = new(NbdTestHost.Export(NbdTestHost.Qed(Size, storage: file))))
        {
            NbdTestClient client = host.Open(HeaderStyle.Simple);
            Assert.Equal(0u, client.Write(0, data));
            Assert.Equal(0u, client.Do(Nbd.CmdFlush));
            client.Send([.. client.Header(Nbd.CmdWrite, 1, 100_000, (ulong)length), .. new byte[sent]]);
            client.Dispose();
            host.AwaitClients(0);
            using NbdTestClient other = host.Open(HeaderStyle.Simple);
            Assert.Equal(data, other.Read(0, data.Length));
            Assert.Equal(0u, other.Do(Nbd.CmdFlush));
        }

        QedTools.Qed.QedImage image = QedTools.Qed.QedImage.Open(new ReadOnlyStorage(file));
        byte[] read = new byte[data.Length];
        image.ToDisk(null).Read(0, read);
        Assert.Equal(data, read);
    }

    [Theory]
    [MemberData(nameof(Styles))]
    public void Nothing_of_the_memory_of_the_server_leaves_it(HeaderStyle style)
    {
        byte[] secret = "another's data! "u8.ToArray();
        FillBuffersWith(secret);
        using MemoryStream all = new();
        using NbdTestHost host = new(NbdTestHost.Export(new ProbeDisk(NbdTestHost.Qed(Size))));
        MemoryLink link = new();
        using NbdTestClient client = new(new CopyingStream(link.Stream, all));
        Assert.True(host.TryConnect(link));
        client.Greet();
        client.List();
        client.Describe(Nbd.OptInfo, "disk", Nbd.InfoName, Nbd.InfoBlockSize);
        client.Ask(77, new byte[1000]);
        client.Agree(style).Go("disk");
        foreach (int flags in style == HeaderStyle.Simple ? new[] { 0 } : [0, Nbd.Df])
        {
            Assert.Equal(new byte[100], client.Read(0, 100, flags));
            Assert.Equal(new byte[Size], client.Read(0, Size, flags));
        }

        Assert.Equal(0u, client.Write(5, new byte[3]));
        Assert.Equal(new byte[20_000], client.Read(0, 20_000));
        client.Do(Nbd.CmdCache, 0, Size);
        client.Do(Nbd.CmdRead, Size, 1);
        client.Do(99, 0, 5);
        client.Disconnect();
        Assert.Equal(-1, all.ToArray().AsSpan().IndexOf(secret));
    }

    [Fact]
    public void A_failing_disk_reveals_nothing_that_was_in_the_buffers()
    {
        byte[] secret = "another's data! "u8.ToArray();
        _disk.Before = (call, offset, length) =>
        {
            if (call == DiskCall.Read && offset + length > 300_000)
            {
                FillBuffersWith(secret);
                throw QedTools.Storage.StorageErrors.Translate(new IOException("Injected."), "disk", "read", offset);
            }
        };
        FillBuffersWith(secret);
        using NbdTestClient client = _host.Open(HeaderStyle.Structured);
        foreach (int flags in new[] { 0, Nbd.Df })
        {
            NbdTestReply reply = client.Call(Nbd.CmdRead, 0, 900_000, flags);
            Assert.Equal(Nbd.EIo, reply.Error);
            Assert.Equal(-1, reply.Data.AsSpan().IndexOf(secret));
        }
    }

    // The engine keeps its buffers for later: whatever one holds must not get out with the next request.
    private static void FillBuffersWith(byte[] secret)
    {
        foreach (NbdBuffers pool in new[] { NbdBuffers.Large, NbdBuffers.Small })
        {
            List<byte[]> taken = [.. Enumerable.Range(0, 32).Select(_ => pool.Rent())];
            foreach (byte[] buffer in taken)
            {
                for (int at = 0; at < buffer.Length; at += secret.Length)
                {
                    secret.AsSpan(0, Math.Min(secret.Length, buffer.Length - at)).CopyTo(buffer.AsSpan(at));
                }
            }

            taken.ForEach(pool.Return);
        }
    }

    private static long Allocated(Action action)
    {
        long before = GC.GetTotalAllocatedBytes(precise: true);
        action();
        return GC.GetTotalAllocatedBytes(precise: true) - before;
    }
}
