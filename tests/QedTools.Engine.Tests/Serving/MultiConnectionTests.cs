using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using QedTools.Serving;
using QedTools.Storage;
using QedTools.Tests.DataPlane;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Serving;

/// <summary>NBD_FLAG_CAN_MULTI_CONN: what one connection flushes includes what the others have written.</summary>
public sealed class MultiConnectionTests : IDisposable
{
    private const int Size = 1 << 20;
    private readonly RecordingStorage _file = new(new MemoryStorage());
    private readonly NbdTestHost _host;

    public MultiConnectionTests() => _host = new NbdTestHost(NbdTestHost.Export(NbdTestHost.Qed(Size, storage: _file)));

    public static TheoryData<HeaderStyle> Styles => HandshakeTests.Styles;

    public void Dispose() => _host.Dispose();

    [Theory]
    [MemberData(nameof(Styles))]
    public void A_flush_covers_what_another_connection_has_written(HeaderStyle style)
    {
        using NbdTestClient writer = _host.Open(style);
        using NbdTestClient other = _host.Open(style);
        byte[] data = NbdTestHost.Bytes(5000);
        for (int round = 0; round < 5; round++)
        {
            _file.Forget();
            Assert.Equal(0u, writer.Write((ulong)round * 70_000, data));
            Assert.Equal(data, other.Read((ulong)round * 70_000, data.Length));
            Assert.Equal(0u, round % 2 == 0 ? other.Do(Nbd.CmdFlush) : other.Do(Nbd.CmdWriteZeroes, 900_000, 4096, Nbd.Fua));
            Assert.True(_file.Changes.Count > 1 && _file.Changes[^1].IsFlush, string.Join(", ", _file.Changes));
            Assert.Equal(data, AfterPowerCut((ulong)round * 70_000, data.Length));
        }
    }

    // Of flushes at the same time, one may work for all: but never one that began before what it is to cover.
    [Fact]
    public void Every_flush_begins_after_the_writes_that_were_acknowledged_before_it()
    {
        ProbeDisk disk = new(NbdTestHost.Raw(new byte[Size]));
        using Gate gate = new();
        int begun = 0;
        disk.Before = (call, _, _) =>
        {
            if (call == DiskCall.Flush && Interlocked.Increment(ref begun) == 1)
            {
                gate.Pass();
            }
        };
        NbdExport export = NbdTestHost.Export(disk);
        using NbdTestHost host = new(export);
        using NbdTestClient early = host.Open(HeaderStyle.Simple);
        using NbdTestClient writer = host.Open(HeaderStyle.Simple);
        early.Request(Nbd.CmdFlush, 0, 0);
        gate.AwaitWaiting();
        Assert.Equal(0u, writer.Write(0, new byte[512]));
        List<Background> late = [.. Enumerable.Range(0, 4).Select(_ => new Background(export.Flush))];
        late.ForEach(flush => Gate.Await(() => flush.IsWaiting, "a flush waits for the one before it"));
        Assert.Equal(1, Volatile.Read(ref begun));
        gate.Open();
        late.ForEach(flush => flush.Join("a flush"));

        // The second one worked for all that were waiting when it began.
        Assert.Equal(2, Volatile.Read(ref begun));
        Assert.Equal(0u, early.ReceiveReply().Error);
    }

    [Fact]
    public void A_failed_flush_fails_for_everybody_whom_it_would_have_covered()
    {
        ProbeDisk disk = new(NbdTestHost.Raw(new byte[Size]));
        disk.Before = (call, _, _) =>
        {
            if (call == DiskCall.Flush)
            {
                throw StorageErrors.Translate(new System.IO.IOException("Injected."), "disk", "write", offset: null);
            }
        };
        using NbdTestHost host = new(NbdTestHost.Export(disk));
        List<NbdTestClient> clients = [.. Enumerable.Range(0, 8).Select(_ => host.Open(HeaderStyle.Structured))];
        clients.ForEach(client => client.Request(Nbd.CmdFlush, 0, 0));
        clients.ForEach(client => Assert.Equal(Nbd.EIo, client.ReceiveReply().Error));
        disk.Before = null;
        clients.ForEach(client => Assert.Equal(0u, client.Do(Nbd.CmdFlush)));
        clients.ForEach(client => client.Dispose());
    }

    [Fact]
    public void Connections_can_write_read_and_flush_side_by_side()
    {
        const int Part = Size / 4;
        byte[][] models = new byte[4][];
        List<Background> clients = [.. Enumerable.Range(0, 4).Select(index => new Background(() =>
        {
            using NbdTestClient client = _host.Open((HeaderStyle)(index % 3));
            Random random = new(index);
            byte[] model = models[index] = new byte[Part];
            ulong start = (ulong)(index * Part);
            for (int i = 0; i < 150; i++)
            {
                int at = random.Next(Part);
                int length = random.Next(1, Math.Min(20_000, Part - at) + 1);
                byte[] data = NbdTestHost.Bytes(length, random.Next());
                data.CopyTo(model, at);
                Assert.Equal(0u, client.Write(start + (ulong)at, data, random.Next(8) == 0 ? Nbd.Fua : 0));
                Assert.Equal(0u, random.Next(10) == 0 ? client.Do(Nbd.CmdFlush) : 0);
                Assert.True(client.Read(start, Part).AsSpan().SequenceEqual(model), $"client {index}, step {i}");
            }

            client.Disconnect();
        }))];
        clients.ForEach(client => client.Join("a client writes, reads and flushes"));
        using NbdTestClient reader = _host.Open(HeaderStyle.Structured);
        Assert.True(reader.Read(0, Size).AsSpan().SequenceEqual(models.SelectMany(model => model).ToArray()));
    }

    // What the disk holds if everything after the last flush is lost.
    private byte[] AfterPowerCut(ulong offset, int length)
    {
        Assert.True(_file.Changes[^1].IsFlush);
        MemoryStorage copy = MemoryStorage.Of("copy.qed", Contents());
        byte[] bytes = new byte[length];
        QedTools.Qed.QedImage.Open(new ReadOnlyStorage(copy)).ToDisk(null).Read((long)offset, bytes);
        return bytes;
    }

    private byte[] Contents()
    {
        byte[] bytes = new byte[_file.Length];
        _file.Read(0, bytes);
        return bytes;
    }
}
