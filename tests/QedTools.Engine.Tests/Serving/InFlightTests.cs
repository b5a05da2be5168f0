using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Xunit;

namespace QedTools.Tests.Serving;

/// <summary>Many requests at once: replies come in any order, and nothing waits for what it has nothing to do with.</summary>
public sealed class InFlightTests : IDisposable
{
    private const int Size = 8 << 20;
    private readonly byte[] _contents = NbdTestHost.Bytes(Size);
    private readonly ProbeDisk _disk;
    private readonly NbdTestHost _host;
    private readonly Gate _gate = new();

    public InFlightTests()
    {
        _disk = new ProbeDisk(NbdTestHost.Raw(_contents));
        _host = new NbdTestHost(NbdTestHost.Export(_disk));
    }

    public static TheoryData<HeaderStyle> Styles => HandshakeTests.Styles;

    public void Dispose()
    {
        _gate.Dispose();
        _host.Dispose();
    }

    [Theory]
    [MemberData(nameof(Styles))]
    public void All_of_64_requests_in_flight_are_answered_once(HeaderStyle style)
    {
        using NbdTestClient client = _host.Open(style);
        Random random = new(1);
        for (int round = 0; round < 4; round++)
        {
            Dictionary<ulong, byte[]> expected = [];
            for (int i = 0; i < 64; i++)
            {
                // Each in a part of the disk of its own, so that their order does not matter.
                int at = (i * (Size / 64)) + random.Next(1000);
                int length = random.Next(1, 100_000);
                if (i % 3 == 0)
                {
                    NbdTestHost.Bytes(length, random.Next()).CopyTo(_contents, at);
                    expected.Add(client.Request(Nbd.CmdWrite, (ulong)at, (ulong)length, random.Next(2) * Nbd.Fua, _contents[at..(at + length)]), []);
                }
                else if (i % 7 == 0)
                {
                    expected.Add(client.Request(Nbd.CmdFlush, 0, 0), []);
                }
                else
                {
                    expected.Add(client.Request(Nbd.CmdRead, (ulong)at, (ulong)length), _contents[at..(at + length)]);
                }
            }

            for (int i = 0; i < 64; i++)
            {
                NbdTestReply reply = client.ReceiveReply();
                Assert.Equal(0u, reply.Error);
                Assert.True(expected.Remove(reply.Cookie, out byte[]? data));
                Assert.True(reply.Data.AsSpan().SequenceEqual(data));
            }
        }

        client.Disconnect();
    }

    [Theory]
    [InlineData(DiskCall.Flush, HeaderStyle.Simple)]
    [InlineData(DiskCall.Zero, HeaderStyle.Structured)]
    [InlineData(DiskCall.Write, HeaderStyle.Extended)]
    [InlineData(DiskCall.Write, HeaderStyle.Simple)]
    public void A_read_does_not_wait_for_what_is_slow_on_the_same_connection(DiskCall slow, HeaderStyle style)
    {
        _disk.Before = (call, offset, _) => Hold(call == slow && offset < 4096);
        using NbdTestClient client = _host.Open(style);
        ulong held = slow switch
        {
            DiskCall.Flush => client.Request(Nbd.CmdFlush, 0, 0),
            DiskCall.Zero => client.Request(Nbd.CmdWriteZeroes, 0, 4096),
            _ => client.Request(Nbd.CmdWrite, 0, 100, 0, new byte[100]),
        };
        _gate.AwaitWaiting();
        for (int i = 0; i < 20; i++)
        {
            AssertReads(client, 1 << 20, 1000);
        }

        Assert.Equal(1, client.Unanswered);
        _gate.Open();
        Assert.Equal(held, client.ReceiveReply().Cookie);
    }

    [Fact]
    public void A_read_does_not_wait_for_another_read()
    {
        _disk.Before = (call, offset, _) => Hold(call == DiskCall.Read && offset < 4096);
        using NbdTestClient client = _host.Open(HeaderStyle.Simple);
        ulong held = client.Request(Nbd.CmdRead, 0, 100);
        _gate.AwaitWaiting();
        AssertReads(client, 1 << 20, 1000);
        _gate.Open();
        Assert.Equal(held, client.ReceiveReply().Cookie);
    }

    [Fact]
    public void Threads_that_are_not_needed_any_more_leave_although_all_are_woken_in_turn()
    {
        _disk.Before = (call, _, _) => Hold(call == DiskCall.Zero);
        using NbdTestClient client = _host.Open(HeaderStyle.Simple);
        for (int i = 0; i < 5; i++)
        {
            client.Request(Nbd.CmdWriteZeroes, (ulong)i * 4096, 4096);
        }

        _gate.AwaitWaiting(5);
        Assert.Equal(6, _host.Latest!.Threads);
        _gate.Open();
        for (int i = 0; i < 5; i++)
        {
            client.ReceiveReply();
        }

        int rounds = 0;
        for (; rounds < 1000 && _host.Latest.Threads > 2; rounds++)
        {
            _host.Advance(TimeSpan.FromSeconds(11));
            ulong cookie = client.Request(Nbd.CmdWriteZeroes, 0, 4096);
            Assert.Equal(cookie, client.ReceiveReply().Cookie);
        }

        Assert.InRange(rounds, 4, 999);
    }

    [Theory]
    [MemberData(nameof(Styles))]
    public void Threads_that_are_held_up_again_and_again_hold_up_nothing_else(HeaderStyle style)
    {
        Gate gate = new();
        _disk.Before = (call, offset, _) =>
        {
            if (call != DiskCall.Look && offset < 4096)
            {
                gate.Pass();
            }
        };
        using NbdTestClient client = _host.Open(style);
        for (int round = 0; round < 30; round++)
        {
            HashSet<ulong> held = [];
            for (int i = round % 6; i >= 0; i--)
            {
                held.Add(i % 2 == 0
                    ? client.Request(Nbd.CmdRead, (ulong)i, 512)
                    : client.Request(Nbd.CmdWrite, (ulong)i, 512, 0, _contents[i..(i + 512)]));
            }

            gate.AwaitWaiting(held.Count);
            AssertReads(client, 1 << 20, 5000);
            Gate old = gate;
            gate = new Gate();
            old.Open();
            while (held.Count > 0)
            {
                Assert.True(held.Remove(client.ReceiveReply().Cookie));
            }
        }

        gate.Open();
    }

    [Theory]
    [MemberData(nameof(Styles))]
    public void Reads_are_answered_while_many_writes_wait_for_the_disk(HeaderStyle style)
    {
        _disk.Before = (call, offset, _) => Hold(call == DiskCall.Write && offset < 1 << 20);
        using NbdTestClient client = _host.Open(style);
        using NbdTestClient other = _host.Open(style);
        HashSet<ulong> held = [];
        for (int i = 0; i < 40; i++)
        {
            held.Add(client.Request(Nbd.CmdWrite, (ulong)i * 512, 512, 0, new byte[512]));
        }

        _gate.AwaitWaiting();
        for (int i = 0; i < 50; i++)
        {
            AssertReads(client, 2 << 20, 1000);
            AssertReads(other, 2 << 20, 1000);
        }

        _gate.Open();
        while (held.Count > 0)
        {
            Assert.True(held.Remove(client.ReceiveReply().Cookie));
        }
    }

    [Fact]
    public void Writes_that_are_sent_in_half_hold_nobody_else_up()
    {
        List<NbdTestClient> slow = [];
        foreach (int length in new[] { 100, 100_000, 1_000_000 })
        {
            NbdTestClient client = _host.Open(HeaderStyle.Simple);
            client.Send([.. client.Header(Nbd.CmdWrite, 1, 0, (ulong)length), .. new byte[length / 2]]);
            slow.Add(client);
        }

        using NbdTestClient other = _host.Open(HeaderStyle.Structured);
        AssertReads(other, 2 << 20, 100_000);
        Assert.Equal(0u, other.Write(2 << 20, _contents[(2 << 20)..((2 << 20) + 10_000)]));
        Assert.Equal(0u, other.Do(Nbd.CmdFlush));
        slow.ForEach(client => client.Dispose());
        _host.AwaitClients(1);
        AssertReads(other, 2 << 20, 100);
    }

    [Fact]
    public void A_flush_in_progress_holds_no_read_of_another_connection_up()
    {
        _disk.Before = (call, _, _) => Hold(call == DiskCall.Flush);
        using NbdTestClient client = _host.Open(HeaderStyle.Simple);
        using NbdTestClient other = _host.Open(HeaderStyle.Simple);
        ulong flush = client.Request(Nbd.CmdFlush, 0, 0);
        _gate.AwaitWaiting();
        ulong write = other.Request(Nbd.CmdWrite, 0, 512, 0, _contents[..512]);
        AssertReads(other, 1 << 20, 1000, write);
        AssertReads(client, 1 << 20, 1000);
        _gate.Open();
        Assert.Equal(flush, client.ReceiveReply().Cookie);
        if (other.Unanswered > 0)
        {
            Assert.Equal(write, other.ReceiveReply().Cookie);
        }
    }

    [Fact]
    public void Outstanding_requests_are_carried_out_before_a_disconnection()
    {
        _disk.Before = (call, _, _) => Hold(call == DiskCall.Flush);
        using NbdTestClient client = _host.Open(HeaderStyle.Structured);
        List<ulong> cookies = [.. Enumerable.Range(0, 20).Select(_ => client.Request(Nbd.CmdFlush, 0, 0))];
        cookies.Add(client.Request(Nbd.CmdWrite, 0, 512, Nbd.Fua, new byte[512]));
        client.Send(client.Header(Nbd.CmdDisc, 99, 0, 0));
        _gate.AwaitWaiting();
        _gate.Open();
        while (cookies.Count > 0)
        {
            NbdTestReply reply = client.ReceiveReply();
            Assert.Equal(0u, reply.Error);
            Assert.True(cookies.Remove(reply.Cookie));
        }

        client.AssertEnd();
    }

    // A slow client's replies wait in a few buffers; what it sends meanwhile stays where it is.
    [Theory]
    [MemberData(nameof(Styles))]
    public void A_client_that_does_not_read_is_not_read_from_without_end(HeaderStyle style)
    {
        MemoryLink link = new(capacity: 64 << 10);
        using NbdTestClient client = _host.Open(style, "disk", link);
        byte[] request = client.Header(Nbd.CmdRead, 1, 0, 1 << 20);
        byte[] many = [.. Enumerable.Repeat(request, 1000).SelectMany(bytes => bytes)];
        long before = link.Received;
        client.Send(many);
        Gate.Await(() => _disk.Count(DiskCall.Read) > 0, "the server reads");
        Gate.Await(() => link.Stalls(() => _disk.Calls.Count), "the server stops reading");

        // At most one message buffer, what is worked on, and what waits.
        Assert.InRange(link.Received - before, request.Length, (16 << 10) + (100 * request.Length));
        Assert.InRange(_disk.Calls.Where(call => call.Call == DiskCall.Read).Sum(call => call.Length), 1, 4 << 20);

        using NbdTestClient other = _host.Open(style);
        AssertReads(other, 1 << 20, 100_000);
    }

    // Eight MiB of data, or 64 requests, with what is being received.
    [Theory]
    [InlineData(250_000, 10 << 20)]
    [InlineData(4000, 400_000)]
    public void Writes_that_wait_for_the_disk_are_taken_up_to_a_limit(int length, int limit)
    {
        _disk.Before = (call, _, _) => Hold(call == DiskCall.Write);
        MemoryLink link = new(capacity: 1 << 20);
        using NbdTestClient client = _host.Open(HeaderStyle.Simple, "disk", link);
        byte[] data = new byte[length];
        Background sender = new(() =>
        {
            try
            {
                for (uint i = 0; i < 500; i++)
                {
                    client.Send([.. client.Header(Nbd.CmdWrite, i, 0, (ulong)data.Length, Nbd.Fua), .. data]);
                }
            }
            catch (IOException)
            {
                // The test is over.
            }
        });
        _gate.AwaitWaiting();
        Gate.Await(() => link.Stalls(() => link.Received), "the server stops reading");
        Assert.InRange(link.Received, data.Length, limit);
        client.Dispose();
        _gate.Open();
        sender.Join("the client sends");
        _host.AwaitClients(0);
    }

    private void AssertReads(NbdTestClient client, int offset, int length, ulong alsoAllowed = 0)
    {
        ulong cookie = client.Request(Nbd.CmdRead, (ulong)offset, (ulong)length);
        NbdTestReply reply = client.ReceiveReply();
        if (reply.Cookie == alsoAllowed)
        {
            reply = client.ReceiveReply();
        }

        Assert.Equal(cookie, reply.Cookie);
        Assert.True(reply.Data.AsSpan().SequenceEqual(_contents.AsSpan(offset, length)));
    }

    private void Hold(bool condition)
    {
        if (condition)
        {
            _gate.Pass();
        }
    }
}
