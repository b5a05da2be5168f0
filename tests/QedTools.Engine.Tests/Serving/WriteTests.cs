using System;
using System.Linq;
using QedTools.Disks;
using QedTools.Tests.DataPlane;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Serving;

/// <summary>The commands that change a disk, in all styles.</summary>
public sealed class WriteTests : IDisposable
{
    private const int Size = 4 << 20;
    private const int Cluster = NbdTestHost.Cluster;
    private readonly ProbeDisk _disk = new(NbdTestHost.Qed(Size));
    private readonly ProbeDisk _locked = new(NbdTestHost.Raw(NbdTestHost.Bytes(65_536)));
    private readonly NbdTestHost _host;

    public WriteTests() => _host = new NbdTestHost(NbdTestHost.Export(_disk), NbdTestHost.Export(_locked, "locked", isReadOnly: true));

    public static TheoryData<HeaderStyle> Styles => HandshakeTests.Styles;

    public void Dispose() => _host.Dispose();

    [Theory]
    [MemberData(nameof(Styles))]
    public void What_was_written_is_read(HeaderStyle style)
    {
        using NbdTestClient client = _host.Open(style);
        byte[] model = new byte[Size];
        foreach ((int offset, int length) in new[] { (0, 1), (5, 600), (4095, 2), (8192, 4096), (100_001, 16_384), (200_000, 16_385), (300_000, 262_144), (600_000, 262_145), (1_000_000, 3_000_000), (Size - 3, 3) })
        {
            byte[] data = NbdTestHost.Bytes(length, offset);
            data.CopyTo(model, offset);
            Assert.Equal(0u, client.Write((ulong)offset, data));
        }

        Assert.True(client.Read(0, Size).AsSpan().SequenceEqual(model));
        Assert.Equal(0, _disk.Count(DiskCall.Flush));
        Assert.Equal(0u, client.Do(Nbd.CmdFlush));
        Assert.Equal(1, _disk.Count(DiskCall.Flush));
    }

    [Theory]
    [MemberData(nameof(Styles))]
    public void Forced_unit_access_flushes_before_the_reply(HeaderStyle style)
    {
        using NbdTestClient client = _host.Open(style);
        int flushes = 0;
        Assert.Equal(0u, client.Write(0, NbdTestHost.Bytes(100), Nbd.Fua));
        AssertFlushedLast(ref flushes);
        Assert.Equal(0u, client.Write(0, NbdTestHost.Bytes(1_000_000), Nbd.Fua));
        AssertFlushedLast(ref flushes);
        Assert.Equal(0u, client.Do(Nbd.CmdWriteZeroes, 10, 10_000, Nbd.Fua));
        AssertFlushedLast(ref flushes);
        Assert.Equal(0u, client.Do(Nbd.CmdWriteZeroes, 10, 10_000, Nbd.Fua | Nbd.NoHole));
        AssertFlushedLast(ref flushes);
        Assert.Equal(0u, client.Do(Nbd.CmdTrim, Cluster, Cluster, Nbd.Fua));
        AssertFlushedLast(ref flushes);
    }

    [Theory]
    [MemberData(nameof(Styles))]
    public void Zeroes_read_as_zeroes_and_leave_the_neighbours_alone(HeaderStyle style)
    {
        using NbdTestClient client = _host.Open(style, "disk", null, style == HeaderStyle.Simple ? [] : [Nbd.Allocation]);
        byte[] model = NbdTestHost.Bytes(1 << 20);
        Assert.Equal(0u, client.Write(0, model));
        foreach ((int offset, int length, int flags) in new[] { (5, 3, 0), (4000, 10_000, 0), (20_000, 10_000, (int)Nbd.NoHole), (40_960, 40_960, 0), (163_840, 163_840, Nbd.NoHole), (500_001, 300_001, 0) })
        {
            model.AsSpan(offset, length).Clear();
            Assert.Equal(0u, client.Do(Nbd.CmdWriteZeroes, (ulong)offset, (ulong)length, flags));
        }

        Assert.True(client.Read(0, model.Length).AsSpan().SequenceEqual(model));
        if (style != HeaderStyle.Simple)
        {
            uint id = client.Contexts[Nbd.Allocation];
            Assert.Equal([(40_960ul, (ulong)(Nbd.StateHole | Nbd.StateZero))], client.Call(Nbd.CmdBlockStatus, 40_960, 40_960).Extents[id]);
            Assert.Equal([(163_840ul, 0ul)], client.Call(Nbd.CmdBlockStatus, 163_840, 163_840).Extents[id]);
        }
    }

    [Theory]
    [MemberData(nameof(Styles))]
    public void Fast_zeroes_are_fast_or_not_supported_and_then_change_nothing(HeaderStyle style)
    {
        using NbdTestClient client = _host.Open(style);
        byte[] model = NbdTestHost.Bytes(1 << 20);
        Assert.Equal(0u, client.Write(0, model));
        int writes = _disk.Count(DiskCall.Write);
        Assert.Equal(Nbd.ENotSup, client.Do(Nbd.CmdWriteZeroes, 5, 100, Nbd.FastZero));
        Assert.Equal(Nbd.ENotSup, client.Do(Nbd.CmdWriteZeroes, Cluster, Cluster + 1, Nbd.FastZero));
        Assert.Equal(Nbd.ENotSup, client.Do(Nbd.CmdWriteZeroes, Cluster, Cluster, Nbd.FastZero | Nbd.NoHole));
        Assert.True(client.Read(0, model.Length).AsSpan().SequenceEqual(model));
        Assert.Equal(0u, client.Do(Nbd.CmdWriteZeroes, Cluster, 10 * Cluster, Nbd.FastZero));
        model.AsSpan(Cluster, 10 * Cluster).Clear();
        Assert.True(client.Read(0, model.Length).AsSpan().SequenceEqual(model));
        Assert.Equal(0u, client.Do(Nbd.CmdWriteZeroes, 0, Size, Nbd.FastZero));
        Assert.Equal(new byte[Size], client.Read(0, Size));
        Assert.Equal(writes, _disk.Count(DiskCall.Write));
    }

    [Theory]
    [MemberData(nameof(Styles))]
    public void Trim_forgets_whole_units_within_the_range_at_most(HeaderStyle style)
    {
        using NbdTestClient client = _host.Open(style);
        byte[] model = NbdTestHost.Bytes(20 * Cluster);
        Assert.Equal(0u, client.Write(0, model));
        Assert.Equal(0u, client.Do(Nbd.CmdTrim, 5, Cluster));
        Assert.True(client.Read(0, model.Length).AsSpan().SequenceEqual(model));
        Assert.Equal(0u, client.Do(Nbd.CmdTrim, Cluster - 1, (4 * Cluster) + 2));
        byte[] read = client.Read(0, model.Length);
        Assert.True(read.AsSpan(0, Cluster).SequenceEqual(model.AsSpan(0, Cluster)));
        Assert.True(read.AsSpan(5 * Cluster).SequenceEqual(model.AsSpan(5 * Cluster)));
        Assert.DoesNotContain(read[Cluster..(5 * Cluster)], value => value != 0);
        Assert.Equal(0u, client.Do(Nbd.CmdTrim, 0, Size));
    }

    [Theory]
    [MemberData(nameof(Styles))]
    public void Writes_beyond_the_end_have_no_space_and_change_nothing(HeaderStyle style)
    {
        using NbdTestClient client = _host.Open(style);
        byte[] data = NbdTestHost.Bytes(5000);
        Assert.Equal(Nbd.ENoSpc, client.Write(Size, data));
        Assert.Equal(Nbd.ENoSpc, client.Write(Size - 4999, data));
        Assert.Equal(Nbd.ENoSpc, client.Write(ulong.MaxValue - 2000, data));
        Assert.Equal(Nbd.ENoSpc, client.Write(Size - 10, NbdTestHost.Bytes(1_000_000)));
        Assert.Equal(Nbd.ENoSpc, client.Do(Nbd.CmdWriteZeroes, Size - 4095, Cluster));
        Assert.Equal(Nbd.ENoSpc, client.Do(Nbd.CmdWriteZeroes, 0, uint.MaxValue));
        Assert.Equal(Nbd.ENoSpc, client.Do(Nbd.CmdWriteZeroes, 1ul << 63, 1ul << 31));
        Assert.Empty(_disk.Calls);
        Assert.Equal(new byte[Size], client.Read(0, Size));
    }

    [Theory]
    [MemberData(nameof(Styles))]
    public void A_write_that_is_longer_than_allowed_ends_the_connection_without_a_change(HeaderStyle style)
    {
        using NbdTestClient client = _host.Open(style);
        client.Send([.. client.Header(Nbd.CmdWrite, 1, 0, Nbd.MaxPayload + 1, style == HeaderStyle.Extended ? Nbd.PayloadLen : 0), .. new byte[100]]);
        client.AssertEnd();
        Assert.Empty(_disk.Calls);
    }

    [Fact]
    public void Extended_lengths_of_64_bits_are_counted_in_full()
    {
        long size = 1L << 40;
        using NbdTestHost host = new(NbdTestHost.Export(new ProbeDisk(LargeQed(size))));
        using NbdTestClient client = host.Open(HeaderStyle.Extended, "disk", null, Nbd.Allocation);
        ulong far = (1ul << 39) + 12_288;
        Assert.Equal(0u, client.Write(far, NbdTestHost.Bytes(Cluster)));
        Assert.Equal(NbdTestHost.Bytes(Cluster), client.Read(far, Cluster));
        uint id = client.Contexts[Nbd.Allocation];
        Assert.Equal((ulong)size, client.Call(Nbd.CmdBlockStatus, 0, (ulong)size).Extents[id].Aggregate(0ul, (sum, one) => sum + one.Length));
        Assert.Equal(0u, client.Do(Nbd.CmdWriteZeroes, 0, (ulong)size, Nbd.FastZero));
        Assert.Equal([((ulong)size, (ulong)(Nbd.StateHole | Nbd.StateZero))], client.Call(Nbd.CmdBlockStatus, 0, (ulong)size).Extents[id]);
        Assert.Equal(0u, client.Do(Nbd.CmdTrim, 0, (ulong)size));
        Assert.Equal(0u, client.Do(Nbd.CmdCache, 0, (ulong)size));
        Assert.Equal(Nbd.ENoSpc, client.Do(Nbd.CmdWriteZeroes, 1, (ulong)size));
    }

    [Theory]
    [MemberData(nameof(Styles))]
    public void A_read_only_export_cannot_be_written_to(HeaderStyle style)
    {
        using NbdTestClient client = _host.Open(style, "locked");
        Assert.Equal(Nbd.EPerm, client.Write(0, new byte[100]));
        Assert.Equal(Nbd.EPerm, client.Write(0, new byte[1_000_000]));
        Assert.Equal(Nbd.EPerm, client.Write(0, new byte[100], Nbd.Fua));
        Assert.Equal(Nbd.EPerm, client.Do(Nbd.CmdWriteZeroes, 0, Cluster));
        Assert.Equal(Nbd.EPerm, client.Do(Nbd.CmdTrim, 0, Cluster));
        Assert.Equal(0u, client.Do(Nbd.CmdFlush));
        Assert.Equal(0u, client.Do(Nbd.CmdCache, 0, Cluster));
        Assert.Equal(NbdTestHost.Bytes(65_536), client.Read(0, 65_536));
        Assert.DoesNotContain(_locked.Calls, call => call.Call is not (DiskCall.Look or DiskCall.Read));
    }

    [Theory]
    [MemberData(nameof(Styles))]
    public void Errors_of_the_disk_are_reported_and_the_connection_goes_on(HeaderStyle style)
    {
        FaultyStorage file = new(new MemoryStorage()) { Kind = StorageCall.Write };
        IDisk disk = NbdTestHost.Qed(Size, storage: file);
        using NbdTestHost host = new(NbdTestHost.Export(disk));
        using NbdTestClient client = host.Open(style);
        Assert.Equal(0u, client.Write(0, NbdTestHost.Bytes(Cluster)));

        file.Number = file.CallsOf(StorageCall.Write) + 1;
        Assert.Equal(Nbd.EIo, client.Write(0, NbdTestHost.Bytes(Cluster)));
        (file.IsFull, file.Number) = (true, file.CallsOf(StorageCall.Write) + 1);
        Assert.Equal(Nbd.ENoSpc, client.Write(0, NbdTestHost.Bytes(Cluster)));
        file.Number = file.CallsOf(StorageCall.Write) + 1;
        Assert.Equal(Nbd.ENoSpc, client.Write(0, NbdTestHost.Bytes(700_000)));
        Assert.Equal(0u, client.Write(0, NbdTestHost.Bytes(Cluster)));
        (file.IsFull, file.Kind, file.Number) = (false, StorageCall.Flush, file.CallsOf(StorageCall.Flush) + 1);
        Assert.Equal(Nbd.EIo, client.Write(0, NbdTestHost.Bytes(Cluster), Nbd.Fua));
        file.Number = file.CallsOf(StorageCall.Flush) + 1;
        Assert.Equal(Nbd.EIo, client.Do(Nbd.CmdFlush));
        Assert.Equal(0u, client.Do(Nbd.CmdFlush));
        Assert.Equal(NbdTestHost.Bytes(Cluster), client.Read(0, Cluster));
        Assert.All(host.Errors, error => Assert.IsAssignableFrom<QedException>(error));
    }

    [Fact]
    public void An_unexpected_error_of_the_disk_is_an_error_of_the_request_only()
    {
        _disk.Before = (_, _, _) => throw new NotSupportedException("Injected.");
        using (NbdTestHost host = new(NbdTestHost.Export(_disk)))
        {
            using NbdTestClient client = host.Open(HeaderStyle.Structured, "disk", null, Nbd.Allocation);
            Assert.Equal(Nbd.EIo, client.Write(0, new byte[100]));
            Assert.Equal(Nbd.EIo, client.Do(Nbd.CmdRead, 0, 100));
            Assert.Equal(Nbd.EIo, client.Do(Nbd.CmdBlockStatus, 0, 100));
            Assert.Equal(Nbd.EIo, client.Do(Nbd.CmdFlush));
            Assert.Equal(Nbd.EIo, client.Do(Nbd.CmdTrim, 0, Cluster));
            Assert.Equal(Nbd.EIo, client.Do(Nbd.CmdCache, 0, Cluster));
            Assert.All(host.Errors, error => Assert.IsType<NotSupportedException>(error));
            host.Forgive();
        }
    }

    private static IDisk LargeQed(long size)
    {
        MemoryStorage storage = new();
        TestImage.Create(storage, new QedTools.Qed.Format.QedGeometry(65_536, 4), size);
        return TestImage.OpenForWriting(storage).ToDisk(null);
    }

    private void AssertFlushedLast(ref int flushes)
    {
        Assert.Equal(DiskCall.Flush, _disk.Calls[^1].Call);
        Assert.Equal(++flushes, _disk.Count(DiskCall.Flush));
    }
}
