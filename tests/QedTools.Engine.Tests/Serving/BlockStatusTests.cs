using System;
using System.Collections.Generic;
using System.Linq;
using QedTools.Disks;
using Xunit;

namespace QedTools.Tests.Serving;

/// <summary>NBD_CMD_BLOCK_STATUS for both contexts, compared with the disk's own extents.</summary>
public sealed class BlockStatusTests : IDisposable
{
    private const int Size = 4 << 20;
    private readonly IDisk _disk;
    private readonly NbdTestHost _host;

    public BlockStatusTests()
    {
        byte[] below = new byte[Size];
        NbdTestHost.Bytes(300_000).CopyTo(below, 65_536);
        NbdTestHost.Bytes(4096).CopyTo(below, Size - 4096);
        _disk = NbdTestHost.Qed(Size, NbdTestHost.Raw(below));
        _disk.Write(131_072, NbdTestHost.Bytes(40_000));
        _disk.Zero(262_144, 65_536);
        for (int at = 1 << 20; at < 2 << 20; at += 8192)
        {
            _disk.Write(at, NbdTestHost.Bytes(4096));
        }

        _host = new NbdTestHost(NbdTestHost.Export(_disk));
    }

    public static TheoryData<HeaderStyle> Styles => MetaContextTests.ChunkStyles;

    public void Dispose() => _host.Dispose();

    [Theory]
    [MemberData(nameof(Styles))]
    public void It_says_what_the_disk_says(HeaderStyle style)
    {
        using NbdTestClient client = _host.Open(style, "disk", null, Nbd.Allocation, Nbd.Depth);
        Random random = new(1);
        foreach ((int offset, int length) in Enumerable.Range(0, 60)
            .Select(_ => random.Next(Size)).Select(offset => (offset, random.Next(1, Size - offset + 1))).Append((0, Size)).Append((Size - 1, 1)))
        {
            NbdTestReply reply = client.Call(Nbd.CmdBlockStatus, (ulong)offset, (ulong)length);
            Assert.Equal(0u, reply.Error);
            foreach ((string context, uint id) in client.Contexts)
            {
                Assert.Equal(Expected(context, offset, length), reply.Extents[id]);
            }

            NbdTestReply one = client.Call(Nbd.CmdBlockStatus, (ulong)offset, (ulong)length, Nbd.ReqOne);
            foreach ((string context, uint id) in client.Contexts)
            {
                Assert.Equal(Expected(context, offset, length)[0], Assert.Single(one.Extents[id]));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Styles))]
    public void Only_the_chosen_context_is_told(HeaderStyle style)
    {
        foreach (string context in new[] { Nbd.Allocation, Nbd.Depth })
        {
            using NbdTestClient client = _host.Open(style, "disk", null, context);
            NbdTestReply reply = client.Call(Nbd.CmdBlockStatus, 0, Size);
            Assert.Equal(Expected(context, 0, Size), Assert.Single(reply.Extents).Value);
        }
    }

    [Theory]
    [MemberData(nameof(Styles))]
    public void A_long_list_is_cut_and_can_be_continued(HeaderStyle style)
    {
        const int Long = 128 << 20;
        IDisk disk = NbdTestHost.Qed(Long);
        for (int at = 0; at < Long; at += 8192)
        {
            disk.Write(at, [1]);
        }

        using NbdTestHost host = new(NbdTestHost.Export(disk));
        using NbdTestClient client = host.Open(style, "disk", null, Nbd.Allocation, Nbd.Depth);
        foreach (uint id in client.Contexts.Values)
        {
            int count = 0;
            for (ulong at = 0; at < Long;)
            {
                List<(ulong Length, ulong Flags)> extents = client.Call(Nbd.CmdBlockStatus, at, Long - at).Extents[id];
                Assert.All(extents, extent => Assert.Equal(4096u, extent.Length));
                at += (ulong)extents.Count * 4096;
                count += extents.Count;
            }

            Assert.Equal(Long / 4096, count);
        }
    }

    [Theory]
    [MemberData(nameof(Styles))]
    public void Ranges_beyond_the_end_are_invalid(HeaderStyle style)
    {
        using NbdTestClient client = _host.Open(style, "disk", null, Nbd.Allocation);
        Assert.Equal(Nbd.EInval, client.Do(Nbd.CmdBlockStatus, Size, 1));
        Assert.Equal(Nbd.EInval, client.Do(Nbd.CmdBlockStatus, 1, Size));
        Assert.Equal(Nbd.EInval, client.Do(Nbd.CmdBlockStatus, ulong.MaxValue, uint.MaxValue));
        Assert.Equal(0u, client.Do(Nbd.CmdBlockStatus, 0, Size));
    }

    [Fact]
    public void Without_a_context_it_is_invalid()
    {
        foreach (HeaderStyle style in HandshakeTests.Styles.Select(row => row.Data))
        {
            using NbdTestClient client = _host.Open(style);
            Assert.Equal(Nbd.EInval, client.Do(Nbd.CmdBlockStatus, 0, 4096));
            client.Read(0, 10);
        }
    }

    // As docs/interop/nbd.rst of QEMU has it: 0 is unallocated, 1 the top layer, 2 the one below it.
    private List<(ulong Length, ulong Flags)> Expected(string context, long offset, long length)
    {
        List<(ulong Length, ulong Flags)> result = [];
        for (long at = offset; at < offset + length;)
        {
            DiskExtent extent = _disk.ExtentAt(at, offset + length - at);
            ulong flags = context == Nbd.Allocation
                ? extent.State == QedExtentState.Data ? 0 : Nbd.StateHole | Nbd.StateZero
                : extent.State == QedExtentState.Unallocated ? 0 : (ulong)extent.Depth + 1;
            if (result.Count > 0 && result[^1].Flags == flags)
            {
                result[^1] = (result[^1].Length + (ulong)extent.Length, flags);
            }
            else
            {
                result.Add(((ulong)extent.Length, flags));
            }

            at = extent.End;
        }

        return result;
    }
}
