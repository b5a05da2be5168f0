using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Xunit;

namespace QedTools.Tests.Serving;

/// <summary>The first part of a connection, as doc/proto.md demands it ("Fixed newstyle negotiation", "Option types").</summary>
public sealed class HandshakeTests : IDisposable
{
    private const int Size = 70_000;
    private readonly NbdTestHost _host;

    public HandshakeTests() => _host = new NbdTestHost(
        NbdTestHost.Export(NbdTestHost.Raw(NbdTestHost.Bytes(Size)), "disk"),
        NbdTestHost.Export(NbdTestHost.Raw(new byte[512]), "Größe 基底", isReadOnly: true));

    public static TheoryData<HeaderStyle> Styles => [HeaderStyle.Simple, HeaderStyle.Structured, HeaderStyle.Extended];

    public void Dispose() => _host.Dispose();

    [Fact]
    public void The_greeting_is_fixed_newstyle_and_offers_to_leave_out_zeroes()
    {
        using NbdTestClient client = _host.Connect();
        Assert.Equal(Nbd.FixedNewstyle | Nbd.NoZeroes, client.Greet());
    }

    [Theory]
    [InlineData(4)]
    [InlineData(0x80000001)]
    [InlineData(uint.MaxValue)]
    public void Client_flags_that_were_not_offered_end_the_connection(uint flags)
    {
        using NbdTestClient client = _host.Connect();
        client.Greet(flags);
        client.AssertEnd();
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(Nbd.FixedNewstyle, false)]
    [InlineData(Nbd.NoZeroes, true)]
    [InlineData(Nbd.FixedNewstyle | Nbd.NoZeroes, true)]
    public void An_export_can_be_chosen_by_the_old_option(uint flags, bool leavesOutZeroes)
    {
        using NbdTestClient client = _host.Connect();
        client.Greet(flags);
        Assert.Equal(leavesOutZeroes, client.LeavesOutZeroes);
        client.ChooseByName("disk");
        Assert.Equal((ulong)Size, client.Size);
        Assert.Equal(NbdTestHost.Bytes(Size)[5..105], client.Read(5, 100));
        client.Disconnect();
    }

    [Fact]
    public void The_old_option_works_after_structured_replies_were_agreed_on()
    {
        using NbdTestClient client = _host.Greet().Agree(HeaderStyle.Structured);
        client.ChooseByName("disk");
        Assert.Equal(NbdTestHost.Bytes(Size)[..100], client.Read(0, 100, Nbd.Df));
    }

    [Theory]
    [InlineData("nothing")]
    [InlineData("")]
    [InlineData("DISK")]
    [InlineData("disk\0")]
    public void An_unknown_name_ends_the_connection_after_the_old_option_and_is_an_error_of_the_newer_ones(string name)
    {
        using (NbdTestClient client = _host.Greet())
        {
            client.SendOption(Nbd.OptExportName, Encoding.UTF8.GetBytes(name));
            client.AssertEnd();
        }

        using NbdTestClient other = _host.Greet();
        foreach (uint option in new[] { Nbd.OptInfo, Nbd.OptGo })
        {
            Assert.Equal(Nbd.ErrUnknown, other.AskOne(option, NbdTestClient.InfoQuery(name)));
        }

        other.Go("disk");
    }

    [Fact]
    public void No_name_means_the_export_if_there_is_only_one()
    {
        using NbdTestHost host = new(NbdTestHost.Export(NbdTestHost.Raw(new byte[1024]), "only"));
        using NbdTestClient client = host.Greet();
        List<OptionReply> replies = client.Describe(Nbd.OptInfo, string.Empty, Nbd.InfoName);
        Assert.Equal("only", replies.Single(reply => reply.Type == Nbd.RepInfo && reply.UInt16(0) == Nbd.InfoName).Text(2));
        Assert.Equal(1024u, client.Go().Size);

        using NbdTestClient old = host.Greet();
        old.ChooseByName(string.Empty);
        Assert.Equal(1024u, old.Size);
    }

    [Fact]
    public void Extended_headers_rule_the_old_option_out()
    {
        using NbdTestClient client = _host.Greet().Agree(HeaderStyle.Extended);
        client.SendOption(Nbd.OptExportName, Encoding.UTF8.GetBytes("disk"));
        client.AssertEnd();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(33_000)]
    [InlineData(1_000_000)]
    public void Abort_is_acknowledged_whatever_data_it_has(int length)
    {
        using NbdTestClient client = _host.Greet();
        Assert.Equal(Nbd.RepAck, client.AskOne(Nbd.OptAbort, new byte[length]));
        client.AssertEnd();
        _host.AwaitClients(0);
    }

    [Fact]
    public void A_client_may_leave_without_waiting_for_the_reply_to_abort()
    {
        NbdTestClient client = _host.Greet();
        client.SendOption(Nbd.OptAbort, []);
        client.Dispose();
        _host.AwaitClients(0);
        Assert.Empty(_host.Explanations);
    }

    [Fact]
    public void List_returns_every_export()
    {
        using NbdTestClient client = _host.Greet();
        Assert.Equal(["disk", "Größe 基底"], client.List());
        Assert.Equal(Nbd.ErrInvalid, client.AskOne(Nbd.OptList, 0));
        Assert.Equal(2, client.List().Count);
    }

    [Theory]
    [MemberData(nameof(Styles))]
    public void Info_and_go_tell_the_same(HeaderStyle style)
    {
        using NbdTestClient client = _host.Greet().Agree(style);
        ushort[] requests = [Nbd.InfoBlockSize, Nbd.InfoName, Nbd.InfoDescription, 77];
        List<OptionReply> first = client.Describe(Nbd.OptInfo, "disk", requests);
        Assert.Equal(Nbd.RepAck, first[^1].Type);
        Assert.Equal((ulong)Size, client.Size);
        int flags = client.Flags;
        OptionReply sizes = first.Single(reply => reply.Type == Nbd.RepInfo && reply.UInt16(0) == Nbd.InfoBlockSize);
        Assert.Equal(14, sizes.Data.Length);
        Assert.Equal((1u, 4096u, 32u << 20), (sizes.UInt32(2), sizes.UInt32(6), sizes.UInt32(10)));
        Assert.Equal("disk", first.Single(reply => reply.Type == Nbd.RepInfo && reply.UInt16(0) == Nbd.InfoName).Text(2));

        List<OptionReply> second = client.Describe(Nbd.OptGo, "disk", requests);
        Assert.Equal(first.Select(reply => Convert.ToHexString(reply.Data)).Order(), second.Select(reply => Convert.ToHexString(reply.Data)).Order());
        Assert.Equal(flags, client.Flags);
        Assert.Equal(10, client.Read(0, 10).Length);
    }

    [Fact]
    public void Only_what_was_asked_for_is_told()
    {
        using NbdTestClient client = _host.Greet();
        Assert.Equal(2, client.Describe(Nbd.OptInfo, "disk").Count);
        Assert.Equal(2, client.Describe(Nbd.OptInfo, "disk", Nbd.InfoExport).Count);
        Assert.Equal(3, client.Describe(Nbd.OptInfo, "disk", Nbd.InfoBlockSize).Count);
        Assert.Equal(3, client.Describe(Nbd.OptInfo, "disk", [.. Enumerable.Repeat(Nbd.InfoName, 5000)]).Count);
    }

    [Theory]
    [MemberData(nameof(Styles))]
    public void The_flags_say_what_the_export_can_do(HeaderStyle style)
    {
        using NbdTestClient client = _host.Greet().Agree(style);
        int common = Nbd.FlagHasFlags | Nbd.FlagSendFlush | Nbd.FlagSendFua | Nbd.FlagCanMultiConn | Nbd.FlagSendCache
            | (style == HeaderStyle.Simple ? 0 : Nbd.FlagSendDf);
        client.Describe(Nbd.OptInfo, "disk");
        Assert.Equal(common | Nbd.FlagSendTrim | Nbd.FlagSendWriteZeroes | Nbd.FlagSendFastZero, client.Flags);
        client.Describe(Nbd.OptInfo, "Größe 基底");
        Assert.Equal(common | Nbd.FlagReadOnly, client.Flags);
    }

    [Theory]
    [InlineData("")] // nothing at all
    [InlineData("000000")] // a part of the length
    [InlineData("000000046469736B")] // no count
    [InlineData("000000046469736B00")] // half a count
    [InlineData("000000046469736B0001")] // a request that is missing
    [InlineData("000000046469736B000000")] // a byte too many
    [InlineData("000000056469736B0000")] // the name is longer than the rest
    [InlineData("000000066469736B0000")] // the name swallows the count
    [InlineData("FFFFFFFF6469736B0000")]
    [InlineData("7FFFFFFF6469736B0000")]
    [InlineData("000000046469736BFFFF")]
    public void Info_and_go_with_wrong_lengths_are_invalid_and_the_handshake_goes_on(string data)
    {
        using NbdTestClient client = _host.Greet();
        Assert.Equal(Nbd.ErrInvalid, client.AskOne(Nbd.OptInfo, Convert.FromHexString(data)));
        Assert.Equal(Nbd.ErrInvalid, client.AskOne(Nbd.OptGo, Convert.FromHexString(data)));
        client.Go("disk");
    }

    [Theory]
    [InlineData(Nbd.OptStructuredReply)]
    [InlineData(Nbd.OptExtendedHeaders)]
    public void Options_that_have_no_data_are_invalid_with_some(uint option)
    {
        using NbdTestClient client = _host.Greet();
        Assert.Equal(Nbd.ErrInvalid, client.AskOne(option, 1));
        client.Go("disk"); // the style is the simple one still
        client.Read(0, 10);
    }

    [Fact]
    public void Extended_headers_take_precedence_over_structured_replies()
    {
        using NbdTestClient client = _host.Greet().Agree(HeaderStyle.Structured).Agree(HeaderStyle.Extended);
        Assert.Equal(Nbd.ErrExtendedRequired, client.AskOne(Nbd.OptStructuredReply));
        client.Go("disk").Read(0, 10);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(4, 0)]
    [InlineData(12, 100)]
    [InlineData(99, 33_000)]
    [InlineData(0x7fffffff, 1_000_000)]
    [InlineData(uint.MaxValue, 5)]
    public void Unknown_options_are_not_supported_whatever_data_they_have(uint option, int length)
    {
        using NbdTestClient client = _host.Greet();
        Assert.Equal(Nbd.ErrUnsup, client.AskOne(option, new byte[length]));
        client.Go("disk");
    }

    [Fact]
    public void Without_a_certificate_there_is_no_TLS()
    {
        using NbdTestClient client = _host.Greet();
        Assert.Contains(client.AskOne(Nbd.OptStartTls), new[] { Nbd.ErrPolicy, Nbd.ErrUnsup });
        client.Go("disk");
    }

    [Fact]
    public void An_option_without_its_magic_number_ends_the_connection()
    {
        using NbdTestClient client = _host.Greet();
        client.Send([.. NbdTestClient.UInt64(Nbd.OptionMagic + 1), .. NbdTestClient.UInt32(Nbd.OptList), .. NbdTestClient.UInt32(0)]);
        client.AssertEnd();
        Assert.Single(_host.Explanations);
    }

    [Theory]
    [InlineData(Nbd.OptGo, 40_000)]
    [InlineData(Nbd.OptSetMetaContext, 1_000_000)]
    public void A_known_option_that_is_too_long_is_skipped(uint option, int length)
    {
        using NbdTestClient client = _host.Greet();
        Assert.Contains(client.AskOne(option, new byte[length]), new[] { Nbd.ErrTooBig, Nbd.ErrInvalid });
        client.Go("disk");
    }

    [Fact]
    public void Names_of_the_greatest_length_are_served_and_longer_ones_are_not()
    {
        string name = new('n', 4096);
        using NbdTestHost host = new(NbdTestHost.Export(NbdTestHost.Raw(new byte[512]), name), NbdTestHost.Export(NbdTestHost.Raw(new byte[512]), "other"));
        using NbdTestClient client = host.Greet();
        Assert.Equal([name, "other"], client.List());
        Assert.Contains(client.AskOne(Nbd.OptInfo, NbdTestClient.InfoQuery(name + "n")), new[] { Nbd.ErrInvalid, Nbd.ErrUnknown });
        Assert.Equal(name, client.Describe(Nbd.OptInfo, name, Nbd.InfoName).Single(reply => reply.Data.Length > 100).Text(2));
        client.Go(name);

        using NbdTestClient old = host.Greet();
        old.SendOption(Nbd.OptExportName, Encoding.UTF8.GetBytes(name + "n"));
        old.AssertEnd();
    }

    [Fact]
    public void A_server_that_is_about_to_end_refuses_every_option_but_abort()
    {
        using NbdTestClient client = _host.Greet();
        using NbdTestClient old = _host.Greet();
        _host.IsStopping = true;
        Assert.Equal(Nbd.ErrShutdown, client.AskOne(Nbd.OptGo, NbdTestClient.InfoQuery("disk")));
        Assert.Equal(Nbd.ErrShutdown, client.AskOne(Nbd.OptList));
        Assert.Equal(Nbd.RepAck, client.AskOne(Nbd.OptAbort));
        old.SendOption(Nbd.OptExportName, Encoding.UTF8.GetBytes("disk"));
        old.AssertEnd();
    }

    [Fact]
    public void Options_that_come_in_single_bytes_or_all_at_once_are_understood()
    {
        using NbdTestClient slow = _host.Greet();
        byte[] data = NbdTestClient.InfoQuery("disk");
        byte[] option = [.. NbdTestClient.UInt64(Nbd.OptionMagic), .. NbdTestClient.UInt32(Nbd.OptGo), .. NbdTestClient.UInt32((uint)data.Length), .. data];
        foreach (byte one in option)
        {
            slow.Send(one);
        }

        Assert.Equal(Nbd.RepAck, slow.ReceiveOptionReplies(Nbd.OptGo)[^1].Type);
        slow.Read(0, 10);

        using NbdTestClient hasty = _host.Greet();
        hasty.Send([.. option, .. hasty.Header(Nbd.CmdFlush, 1, 0, 0), .. hasty.Header(Nbd.CmdDisc, 2, 0, 0)]);
        Assert.Equal(Nbd.RepAck, hasty.ReceiveOptionReplies(Nbd.OptGo)[^1].Type);
        Assert.Equal(NbdTestClient.UInt32(Nbd.SimpleReplyMagic), hasty.Receive(16)[..4]);
        hasty.AssertEnd();
    }
}
