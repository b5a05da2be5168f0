using System;
using System.Linq;
using QedTools.Storage;
using Xunit;

namespace QedTools.Tests.Serving;

/// <summary>NBD_CMD_READ and NBD_CMD_CACHE, in all styles. The client checks the form of every reply.</summary>
public sealed class ReadTests : IDisposable
{
    private const int Size = (4 << 20) + 1000;
    private readonly byte[] _contents = new byte[Size];
    private readonly ProbeDisk _disk;
    private readonly NbdTestHost _host;

    public ReadTests()
    {
        // Data of odd and even lengths with holes between them, and a long stretch of data.
        Span<byte> bytes = _contents;
        NbdTestHost.Bytes(9000).CopyTo(bytes[4096..]);
        NbdTestHost.Bytes(100_000, 2).CopyTo(bytes[65_536..]);
        NbdTestHost.Bytes(1_500_000, 3).CopyTo(bytes[1_000_000..]);
        NbdTestHost.Bytes(1000, 4).CopyTo(bytes[(4 << 20)..]);
        _disk = new ProbeDisk(NbdTestHost.Raw(_contents));
        _host = new NbdTestHost(NbdTestHost.Export(_disk));
    }

    public static TheoryData<HeaderStyle> Styles => HandshakeTests.Styles;

    public static TheoryData<HeaderStyle> ChunkStyles => MetaContextTests.ChunkStyles;

    public void Dispose() => _host.Dispose();

    [Theory]
    [MemberData(nameof(Styles))]
    public void Any_range_reads_as_the_disk_does(HeaderStyle style)
    {
        using NbdTestClient client = _host.Open(style);
        int[] offsets = [0, 1, 511, 4095, 4096, 13_000, 65_535, 165_000, 999_999, 2_499_999, (4 << 20) - 1, Size - 1];
        int[] lengths = [1, 511, 512, 4096, 65_536, 262_144, 262_145, 600_000, 3_000_000, Size];
        foreach (int offset in offsets)
        {
            foreach (int length in lengths.Select(length => Math.Min(length, Size - offset)).Distinct())
            {
                foreach (int flags in style == HeaderStyle.Simple ? new[] { 0, Nbd.Fua } : [0, Nbd.Df, Nbd.Df | Nbd.Fua])
                {
                    Assert.True(
                        client.Read((ulong)offset, length, flags).AsSpan().SequenceEqual(_contents.AsSpan(offset, length)),
                        $"{length} bytes at {offset} with flags {flags}");
                }
            }
        }

        client.Disconnect();
    }

    [Theory]
    [MemberData(nameof(ChunkStyles))]
    public void Holes_are_neither_read_nor_sent(HeaderStyle style)
    {
        using NbdTestClient client = _host.Open(style);
        NbdTestReply whole = client.Call(Nbd.CmdRead, 0, Size);
        Assert.Equal(0u, whole.Error);
        Assert.Equal(_contents, whole.Data);
        Assert.Contains(whole.Contents, chunk => chunk is { Offset: 0, Length: 4096, IsHole: true });
        Assert.InRange(whole.Contents.Where(chunk => !chunk.IsHole).Sum(chunk => chunk.Length), 1_611_000, 1_640_000);
        Assert.Equal(whole.Contents.Where(chunk => !chunk.IsHole).Sum(chunk => chunk.Length), _disk.Calls.Where(call => call.Call == DiskCall.Read).Sum(call => call.Length));

        NbdTestReply hole = client.Call(Nbd.CmdRead, 200_000, 700_000);
        Assert.Equal([(200_000ul, 700_000L, true)], hole.Contents);
        Assert.Equal([(200_000ul, 700_000L, true)], client.Call(Nbd.CmdRead, 200_000, 700_000, Nbd.Df).Contents);
    }

    [Theory]
    [MemberData(nameof(ChunkStyles))]
    public void One_chunk_holds_data_and_zeroes_if_the_client_wants_one(HeaderStyle style)
    {
        using NbdTestClient client = _host.Open(style);
        NbdTestReply reply = client.Call(Nbd.CmdRead, 0, Size, Nbd.Df);
        Assert.Equal([(0ul, (long)Size, false)], reply.Contents);
        Assert.Equal(_contents, reply.Data);
    }

    [Theory]
    [MemberData(nameof(Styles))]
    public void The_longest_read_is_that_of_the_advertised_size(HeaderStyle style)
    {
        byte[] contents = new byte[Nbd.MaxPayload + 4096];
        NbdTestHost.Bytes(3_000_000).CopyTo(contents.AsSpan(29_000_000));
        using NbdTestHost host = new(NbdTestHost.Export(NbdTestHost.Raw(contents)));
        using NbdTestClient client = host.Open(style);
        Assert.True(client.Read(1, Nbd.MaxPayload).AsSpan().SequenceEqual(contents.AsSpan(1, Nbd.MaxPayload)));
        uint expected = style == HeaderStyle.Simple ? Nbd.EInval : Nbd.EOverflow;
        Assert.Equal(expected, client.Do(Nbd.CmdRead, 0, Nbd.MaxPayload + 1));
        Assert.Equal(10, client.Read(0, 10).Length);
    }

    [Theory]
    [MemberData(nameof(Styles))]
    public void Ranges_beyond_the_end_are_invalid(HeaderStyle style)
    {
        using NbdTestClient client = _host.Open(style);
        foreach (ushort command in new[] { Nbd.CmdRead, Nbd.CmdCache, Nbd.CmdTrim })
        {
            Assert.Equal(Nbd.EInval, client.Do(command, Size, 1));
            Assert.Equal(Nbd.EInval, client.Do(command, Size - 1, 2));
            Assert.Equal(Nbd.EInval, client.Do(command, 0, Size + 1));
            Assert.Equal(Nbd.EInval, client.Do(command, ulong.MaxValue, 1));
            Assert.Equal(Nbd.EInval, client.Do(command, ulong.MaxValue - 3, 4));
            Assert.Equal(Nbd.EInval, client.Do(command, 1ul << 63, 4096));
            Assert.Equal(Nbd.EInval, client.Do(command, 0, uint.MaxValue));
        }

        if (style == HeaderStyle.Extended)
        {
            Assert.Equal(Nbd.EInval, client.Do(Nbd.CmdRead, 1, ulong.MaxValue));
            Assert.Equal(Nbd.EInval, client.Do(Nbd.CmdTrim, 4096, ulong.MaxValue - 4095));
        }

        Assert.DoesNotContain(_disk.Calls, call => call.Call != DiskCall.Look);
        client.Read(Size - 1, 1);
    }

    [Theory]
    [MemberData(nameof(Styles))]
    public void Requests_without_a_length_do_not_end_the_connection(HeaderStyle style)
    {
        using NbdTestClient client = _host.Open(style, "disk", null, style == HeaderStyle.Simple ? [] : [Nbd.Allocation]);
        foreach (ulong offset in new ulong[] { 0, 5, Size })
        {
            Assert.Empty(client.Call(Nbd.CmdRead, offset, 0).Data);
            Assert.Equal(0u, client.Do(Nbd.CmdTrim, offset, 0));
            Assert.Equal(0u, client.Do(Nbd.CmdWriteZeroes, offset, 0));
            Assert.Equal(0u, client.Do(Nbd.CmdCache, offset, 0));
            Assert.Equal(Nbd.EInval, client.Do(Nbd.CmdBlockStatus, offset, 0));
            Assert.Equal(0u, client.Call(Nbd.CmdWrite, offset, 0, style == HeaderStyle.Extended ? Nbd.PayloadLen : 0).Error);
        }

        Assert.True(client.Read(0, Size).AsSpan().SequenceEqual(_contents));
    }

    [Theory]
    [MemberData(nameof(Styles))]
    public void Cache_reads_and_changes_nothing(HeaderStyle style)
    {
        using NbdTestClient client = _host.Open(style);
        Assert.Equal(0u, client.Do(Nbd.CmdCache, 0, Size));
        Assert.Equal(0u, client.Do(Nbd.CmdCache, 1_000_001, 3));
        Assert.DoesNotContain(_disk.Calls, call => call.Call is DiskCall.Write or DiskCall.Zero);
        Assert.Equal(Nbd.EInval, client.Do(Nbd.CmdCache, 0, 4096, Nbd.NoHole));
    }

    [Theory]
    [MemberData(nameof(Styles))]
    public void Unknown_commands_and_flags_are_invalid_and_the_connection_goes_on(HeaderStyle style)
    {
        using NbdTestClient client = _host.Open(style, "disk", null, style == HeaderStyle.Simple ? [] : [Nbd.Allocation]);
        foreach (ushort command in new ushort[] { Nbd.CmdResize, 9, 100, 0x8000, ushort.MaxValue })
        {
            Assert.Equal(Nbd.EInval, client.Do(command, 0, 512));
        }

        (ushort Command, int Allowed)[] all =
        [
            (Nbd.CmdRead, Nbd.Fua | (style == HeaderStyle.Simple ? 0 : Nbd.Df)),
            (Nbd.CmdFlush, Nbd.Fua),
            (Nbd.CmdTrim, Nbd.Fua),
            (Nbd.CmdCache, Nbd.Fua),
            (Nbd.CmdWriteZeroes, Nbd.Fua | Nbd.NoHole | Nbd.FastZero),
            (Nbd.CmdBlockStatus, Nbd.Fua | Nbd.ReqOne),
        ];
        foreach ((ushort command, int allowed) in all)
        {
            for (int bit = 0; bit < 16; bit++)
            {
                int flag = 1 << bit;
                ulong length = command == Nbd.CmdFlush ? 0 : 4096ul;
                if ((flag & allowed) == 0 && !(style == HeaderStyle.Extended && flag == Nbd.PayloadLen))
                {
                    Assert.Equal(Nbd.EInval, client.Do(command, 0, length, flag));
                }
            }
        }

        Assert.DoesNotContain(_disk.Calls, call => call.Call is not (DiskCall.Look or DiskCall.Read));
        client.Disconnect();
    }

    [Fact]
    public void A_payload_that_the_command_does_not_have_is_taken_and_invalid()
    {
        using NbdTestClient client = _host.Open(HeaderStyle.Extended, "disk", null, Nbd.Allocation);
        foreach (ushort command in new[] { Nbd.CmdRead, Nbd.CmdFlush, Nbd.CmdTrim, Nbd.CmdCache, Nbd.CmdWriteZeroes, Nbd.CmdBlockStatus, Nbd.CmdResize, (ushort)999 })
        {
            Assert.Equal(Nbd.EInval, client.Call(command, 0, 3000, Nbd.PayloadLen, new byte[3000]).Error);
            Assert.Equal(Nbd.EInval, client.Call(command, 0, 1_000_000, Nbd.PayloadLen, new byte[1_000_000]).Error);
        }

        Assert.Equal(_contents[5000..6000], client.Read(5000, 1000));
        client.Request(Nbd.CmdRead, 0, Nbd.MaxPayload + 1, Nbd.PayloadLen);
        client.AssertEnd();
    }

    [Theory]
    [InlineData(HeaderStyle.Simple, Nbd.ExtendedRequestMagic)]
    [InlineData(HeaderStyle.Structured, Nbd.ExtendedRequestMagic)]
    [InlineData(HeaderStyle.Extended, Nbd.RequestMagic)]
    [InlineData(HeaderStyle.Simple, 0u)]
    [InlineData(HeaderStyle.Simple, Nbd.SimpleReplyMagic)]
    public void A_request_without_its_magic_number_ends_the_connection(HeaderStyle style, uint magic)
    {
        using NbdTestClient client = _host.Open(style);
        client.Send([.. NbdTestClient.UInt32(magic), .. client.Header(Nbd.CmdRead, 1, 0, 512)[4..]]);
        client.AssertEnd();
        Assert.Single(_host.Explanations);
    }

    [Theory]
    [MemberData(nameof(Styles))]
    public void A_damaged_range_is_an_error_where_it_is_and_the_rest_can_be_read(HeaderStyle style)
    {
        _disk.Before = (call, offset, length) =>
        {
            if (call == DiskCall.Read && offset < 1_600_000 && offset + length > 1_500_000)
            {
                throw StorageErrors.Translate(new System.IO.IOException("Injected."), "disk", "read", offset);
            }
        };
        using NbdTestClient client = _host.Open(style);
        NbdTestReply reply = client.Call(Nbd.CmdRead, 1_400_000, 150_000);
        Assert.Equal(Nbd.EIo, reply.Error);
        Assert.DoesNotContain("Injected", reply.Message, StringComparison.Ordinal);
        Assert.Equal(_contents[..100_000], client.Read(0, 100_000));

        if (style == HeaderStyle.Simple)
        {
            // The error comes after the header: only the connection can say so.
            client.Request(Nbd.CmdRead, 1_000_000, 1_000_000);
            Assert.Equal(NbdTestClient.UInt32(Nbd.SimpleReplyMagic), client.Receive(4));
            client.Receive(12 + (256 << 10));
            client.AssertEndSoon();
        }
        else
        {
            NbdTestReply parts = client.Call(Nbd.CmdRead, 1_000_000, 1_000_000);
            Assert.Equal(Nbd.EIo, parts.Error);
            int good = (int)(parts.ErrorOffset!.Value - 1_000_000);
            Assert.InRange(good, 1, 500_000);
            Assert.True(parts.Data.AsSpan(0, good).SequenceEqual(_contents.AsSpan(1_000_000, good)));

            NbdTestReply one = client.Call(Nbd.CmdRead, 1_000_000, 1_000_000, Nbd.Df);
            Assert.Equal(Nbd.EIo, one.Error);
            good = (int)(one.ErrorOffset!.Value - 1_000_000);
            Assert.InRange(good, 1, 500_000);
            Assert.True(one.Data.AsSpan(0, good).SequenceEqual(_contents.AsSpan(1_000_000, good)));
            Assert.DoesNotContain(one.Data.Skip(good), value => value != 0);
            Assert.Equal(_contents[..100_000], client.Read(0, 100_000));
        }

        Assert.NotEmpty(_host.Errors);
    }

    [Theory]
    [MemberData(nameof(ChunkStyles))]
    public void An_error_while_looking_for_holes_is_an_error_of_the_read(HeaderStyle style)
    {
        _disk.Before = (call, offset, _) =>
        {
            if (call == DiskCall.Look && offset >= 2_000_000)
            {
                throw StorageErrors.Translate(new System.IO.IOException("Injected."), "disk", "read", offset);
            }
        };
        using NbdTestClient client = _host.Open(style, "disk", null, Nbd.Allocation);
        Assert.Equal(Nbd.EIo, client.Do(Nbd.CmdRead, 2_100_000, 1000));
        Assert.Equal(Nbd.EIo, client.Do(Nbd.CmdBlockStatus, 2_100_000, 1000));
        NbdTestReply reply = client.Call(Nbd.CmdRead, 0, Size);
        Assert.Equal(Nbd.EIo, reply.Error);
        Assert.InRange(reply.ErrorOffset!.Value, 1_000_000u, 3_000_000u);
        Assert.Equal(_contents[..100_000], client.Read(0, 100_000));
    }

    [Theory]
    [MemberData(nameof(Styles))]
    public void A_server_whose_time_is_over_refuses_requests(HeaderStyle style)
    {
        using NbdTestClient client = _host.Open(style, "disk", null, style == HeaderStyle.Simple ? [] : [Nbd.Allocation]);
        _host.IsRefusing = true;
        Assert.Equal(Nbd.EShutdown, client.Do(Nbd.CmdRead, 0, 512));
        Assert.Equal(Nbd.EShutdown, client.Write(0, new byte[300_000]));
        Assert.Equal(Nbd.EShutdown, client.Do(Nbd.CmdFlush));
        client.Disconnect();
    }
}
