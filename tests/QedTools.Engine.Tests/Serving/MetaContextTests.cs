using System;
using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace QedTools.Tests.Serving;

/// <summary>Choosing metadata contexts ("Metadata querying", NBD_OPT_LIST_META_CONTEXT and NBD_OPT_SET_META_CONTEXT).</summary>
public sealed class MetaContextTests : IDisposable
{
    private readonly NbdTestHost _host = new(
        NbdTestHost.Export(NbdTestHost.Raw(NbdTestHost.Bytes(8192))),
        NbdTestHost.Export(NbdTestHost.Raw(NbdTestHost.Bytes(8192)), "other"));

    public static TheoryData<HeaderStyle> ChunkStyles => [HeaderStyle.Structured, HeaderStyle.Extended];

    public void Dispose() => _host.Dispose();

    [Theory]
    [InlineData("", Nbd.Allocation + " " + Nbd.Depth)]
    [InlineData("base:", Nbd.Allocation)]
    [InlineData("qemu:", Nbd.Depth)]
    [InlineData("base: qemu:", Nbd.Allocation + " " + Nbd.Depth)]
    [InlineData(Nbd.Allocation, Nbd.Allocation)]
    [InlineData(Nbd.Depth + " " + Nbd.Depth, Nbd.Depth)]
    [InlineData("base:unknown", "")]
    [InlineData("x-unknown: x-unknown:leaf", "")]
    [InlineData("x-unknown:leaf base:allocation", Nbd.Allocation)]
    [InlineData("base:alloc", "")]
    [InlineData("base:allocation:", "")]
    public void Contexts_are_listed_by_name_by_namespace_or_all(string queries, string expected)
    {
        foreach (HeaderStyle style in ChunkStyles.Select(row => row.Data))
        {
            using NbdTestClient client = _host.Greet().Agree(style);
            List<OptionReply> replies = client.Ask(
                Nbd.OptListMetaContext, NbdTestClient.ContextQuery("disk", queries.Split(' ', StringSplitOptions.RemoveEmptyEntries)));
            Assert.Equal(Nbd.RepAck, replies[^1].Type);
            Assert.All(replies.SkipLast(1), reply => Assert.Equal((Nbd.RepMetaContext, 0u), (reply.Type, reply.UInt32(0))));
            Assert.Equal(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries), replies.SkipLast(1).Select(reply => reply.Text(4)).Order());
        }
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("base:", "")]
    [InlineData("qemu:", "")]
    [InlineData(Nbd.Allocation, Nbd.Allocation)]
    [InlineData(Nbd.Depth + " " + Nbd.Allocation + " " + Nbd.Depth, Nbd.Allocation + " " + Nbd.Depth)]
    [InlineData("base:unknown x-unknown:leaf", "")]
    public void Contexts_are_chosen_by_name_only(string queries, string expected)
    {
        foreach (HeaderStyle style in ChunkStyles.Select(row => row.Data))
        {
            using NbdTestClient client = _host.Greet().Agree(style);
            Assert.Equal(Nbd.RepAck, client.SetContexts("disk", queries.Split(' ', StringSplitOptions.RemoveEmptyEntries)));
            Assert.Equal(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries), client.Contexts.Keys.Order());
            client.Go("disk");
            Assert.Equal(expected.Length == 0 ? Nbd.EInval : 0, client.Do(Nbd.CmdBlockStatus, 0, 8192));
        }
    }

    [Fact]
    public void They_need_structured_replies_or_extended_headers()
    {
        using NbdTestClient client = _host.Greet();
        Assert.Equal(Nbd.ErrInvalid, client.SetContexts("disk", Nbd.Allocation));
        client.Agree(HeaderStyle.Structured).Go("disk");
        Assert.Equal(Nbd.EInval, client.Do(Nbd.CmdBlockStatus, 0, 8192));
    }

    [Fact]
    public void The_last_choice_counts_also_if_it_fails()
    {
        using NbdTestClient client = _host.Greet().Agree(HeaderStyle.Structured);
        Assert.Equal(Nbd.RepAck, client.SetContexts("disk", Nbd.Depth));
        Assert.Equal(Nbd.RepAck, client.SetContexts("disk", Nbd.Allocation));
        Assert.Equal([Nbd.Allocation], client.Contexts.Keys);
        client.Ask(Nbd.OptListMetaContext, NbdTestClient.ContextQuery("disk")); // changes nothing
        Assert.Equal(2, client.Describe(Nbd.OptInfo, "other").Count);
        client.Go("disk");
        Assert.Equal(0u, client.Do(Nbd.CmdBlockStatus, 0, 8192));

        foreach (byte[] failing in new[] { NbdTestClient.ContextQuery("nothing", Nbd.Allocation), NbdTestClient.ContextQuery("disk", "no colon"), [] })
        {
            using NbdTestClient other = _host.Greet().Agree(HeaderStyle.Structured);
            Assert.Equal(Nbd.RepAck, other.SetContexts("disk", Nbd.Allocation));
            Assert.True(Assert.Single(other.Ask(Nbd.OptSetMetaContext, failing)).IsError);
            other.Go("disk");
            Assert.Equal(Nbd.EInval, other.Do(Nbd.CmdBlockStatus, 0, 8192));
        }
    }

    [Fact]
    public void A_choice_for_another_export_is_none()
    {
        using NbdTestClient client = _host.Greet().Agree(HeaderStyle.Extended);
        Assert.Equal(Nbd.RepAck, client.SetContexts("other", Nbd.Allocation));
        client.Go("disk");
        Assert.Equal(Nbd.EInval, client.Do(Nbd.CmdBlockStatus, 0, 8192));
    }

    [Theory]
    [InlineData(Nbd.OptListMetaContext)]
    [InlineData(Nbd.OptSetMetaContext)]
    public void Wrong_lengths_and_counts_are_invalid_and_cost_nothing(uint option)
    {
        using NbdTestClient client = _host.Greet().Agree(HeaderStyle.Structured);
        byte[] name = NbdTestClient.Text("disk");
        byte[] query = NbdTestClient.Text(Nbd.Allocation);
        byte[][] wrong =
        [
            [],
            name,
            [.. name, 0, 0, 0],
            [.. name, .. NbdTestClient.UInt32(1)],
            [.. name, .. NbdTestClient.UInt32(2), .. query],
            [.. name, .. NbdTestClient.UInt32(uint.MaxValue), .. query],
            [.. name, .. NbdTestClient.UInt32(uint.MaxValue)],
            [.. name, .. NbdTestClient.UInt32(0), .. query],
            [.. name, .. NbdTestClient.UInt32(1), .. query, 0],
            [.. name, .. NbdTestClient.UInt32(1), .. NbdTestClient.UInt32(uint.MaxValue), .. query],
            [.. name, .. NbdTestClient.UInt32(1), .. NbdTestClient.UInt32(16), .. query[4..]],
            [.. NbdTestClient.UInt32(uint.MaxValue), .. name, .. NbdTestClient.UInt32(1), .. query],
        ];
        foreach (byte[] data in wrong)
        {
            Assert.Equal(Nbd.ErrInvalid, client.AskOne(option, data));
        }

        Assert.Equal(Nbd.ErrUnknown, client.AskOne(option, NbdTestClient.ContextQuery("nothing", Nbd.Allocation)));
        string[] many = [.. Enumerable.Repeat("x-many:one", 2000), Nbd.Allocation];
        Assert.Equal(2, client.Ask(option, NbdTestClient.ContextQuery("disk", many)).Count);
        client.Go("disk");
    }
}
