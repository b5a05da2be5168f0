using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using QedTools.Tests.Support;
using Xunit;

namespace QedTools.Tests.Serving;

/// <summary>
/// A client written from the specification (doc/proto.md) alone. It checks everything in the replies that the specification demands of a server, and
/// can also send what it forbids.
/// </summary>
internal sealed class NbdTestClient : IDisposable
{
    private const int Padding = 124;

    private readonly Dictionary<ulong, PendingRequest> _pending = [];
    private readonly Dictionary<ulong, NbdTestReply> _partial = [];
    private readonly Dictionary<string, uint> _contexts = [];
    private Stream _stream;
    private ulong _lastCookie = 0xC00C1E00_00000000;

    public NbdTestClient(Stream stream)
    {
        _stream = stream;
        if (stream.CanTimeout)
        {
            (stream.ReadTimeout, stream.WriteTimeout) = (Patience.Milliseconds, Patience.Milliseconds);
        }
    }

    /// <summary>The form of requests and replies that was agreed on.</summary>
    public HeaderStyle Style { get; private set; }

    /// <summary>Whether the zeroes after the old option's answer are left out.</summary>
    public bool LeavesOutZeroes { get; private set; }

    /// <summary>The size of the chosen export, in bytes.</summary>
    public ulong Size { get; private set; }

    /// <summary>The transmission flags of the chosen export.</summary>
    public int Flags { get; private set; }

    /// <summary>The IDs of the chosen metadata contexts.</summary>
    public IReadOnlyDictionary<string, uint> Contexts => _contexts;

    /// <summary>How many requests have not been answered completely.</summary>
    public int Unanswered => _pending.Count;

    /// <summary>Connects to a server by its URI.</summary>
    public static NbdTestClient Connect(string uri)
    {
        Uri parsed = new(uri);
        Socket socket;
        if (parsed.Scheme.EndsWith("+unix", StringComparison.Ordinal))
        {
            socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(Uri.UnescapeDataString(parsed.Query["?socket=".Length..])));
        }
        else
        {
            socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            socket.Connect(parsed.Host, parsed.Port);
        }

        return new NbdTestClient(new NetworkStream(socket, ownsSocket: true));
    }

    public void Dispose() => _stream.Dispose();

    // ---- Bytes

    /// <summary>Sends bytes as they are.</summary>
    public void Send(params ReadOnlySpan<byte> bytes) => _stream.Write(bytes);

    /// <summary>Receives exactly so many bytes.</summary>
    public byte[] Receive(int count)
    {
        byte[] bytes = new byte[count];
        int done = 0;
        while (done < count)
        {
            int received = _stream.Read(bytes, done, count - done);
            Assert.True(received > 0, $"The server ended the connection after {done} of {count} bytes.");
            done += received;
        }

        return bytes;
    }

    /// <summary>Receives so many bytes, or fewer if the server ends the connection.</summary>
    public byte[] ReceiveUpTo(int count)
    {
        byte[] bytes = new byte[count];
        int done = 0;
        for (int received = 1; done < count && received > 0; done += received)
        {
            byte[] some = new byte[count - done];
            received = ReceiveSome(some);
            some.AsSpan(0, received).CopyTo(bytes.AsSpan(done));
        }

        return bytes[..done];
    }

    /// <summary>Fails unless the server ends the connection and sends nothing more.</summary>
    public void AssertEnd() => AssertEndSoon(limit: 0);

    /// <summary>Fails unless the server ends the connection; what it still sends is not looked at.</summary>
    /// <param name="limit">How much it may send at most, in bytes.</param>
    /// <returns>How much it has sent.</returns>
    public long AssertEndSoon(long limit = 64 << 20)
    {
        byte[] rest = new byte[64 << 10];
        for (long total = 0; ;)
        {
            int received = ReceiveSome(rest);
            if (received == 0)
            {
                return total;
            }

            total += received;
            Assert.True(total <= limit, $"Instead of ending the connection, the server sent {total} bytes, at last {Convert.ToHexString(rest, 0, Math.Min(received, 64))}.");
        }
    }

    // Where something that was sent has not been read, the end is a reset.
    private int ReceiveSome(byte[] buffer)
    {
        try
        {
            return _stream.Read(buffer, 0, buffer.Length);
        }
        catch (IOException e) when (e.InnerException is not SocketException { SocketErrorCode: SocketError.TimedOut })
        {
            return 0;
        }
    }

    // ---- Handshake

    /// <summary>Takes part in the greeting.</summary>
    /// <param name="flags">The client's flags.</param>
    /// <returns>The server's flags.</returns>
    public int Greet(uint flags = Nbd.FixedNewstyle | Nbd.NoZeroes)
    {
        byte[] greeting = Receive(18);
        Assert.Equal(Nbd.Greeting, BinaryPrimitives.ReadUInt64BigEndian(greeting));
        Assert.Equal(Nbd.OptionMagic, BinaryPrimitives.ReadUInt64BigEndian(greeting.AsSpan(8)));
        int offered = BinaryPrimitives.ReadUInt16BigEndian(greeting.AsSpan(16));
        LeavesOutZeroes = (flags & Nbd.NoZeroes) != 0;
        Send(UInt32(flags));
        return offered;
    }

    /// <summary>Sends an option, with a wrong length if one is given.</summary>
    public void SendOption(uint option, byte[] data, uint? length = null) =>
        Send([.. UInt64(Nbd.OptionMagic), .. UInt32(option), .. UInt32(length ?? (uint)data.Length), .. data]);

    /// <summary>Receives one reply to an option.</summary>
    public OptionReply ReceiveOptionReply(uint option)
    {
        byte[] header = Receive(20);
        Assert.Equal(Nbd.OptionReplyMagic, BinaryPrimitives.ReadUInt64BigEndian(header));
        Assert.Equal(option, BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(8)));
        uint length = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(16));
        Assert.InRange(length, 0u, 8u + 4096);
        OptionReply reply = new(BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(12)), Receive((int)length));
        Assert.True(reply.Type != Nbd.RepAck || length == 0, "An acknowledgement with data.");
        return reply;
    }

    /// <summary>Sends an option and receives all replies to it.</summary>
    public List<OptionReply> Ask(uint option, params byte[] data)
    {
        SendOption(option, data);
        return ReceiveOptionReplies(option);
    }

    /// <summary>Receives replies to an option up to the final one.</summary>
    public List<OptionReply> ReceiveOptionReplies(uint option)
    {
        List<OptionReply> replies = [];
        do
        {
            replies.Add(ReceiveOptionReply(option));
        }
        while (!replies[^1].IsFinal);
        return replies;
    }

    /// <summary>Sends an option that has only one reply, and returns that one's type.</summary>
    public uint AskOne(uint option, params byte[] data) => Assert.Single(Ask(option, data)).Type;

    /// <summary>The names of all exports.</summary>
    public List<string> List()
    {
        List<OptionReply> replies = Ask(Nbd.OptList);
        Assert.Equal(Nbd.RepAck, replies[^1].Type);
        return [.. replies.Take(replies.Count - 1).Select(reply =>
        {
            Assert.Equal(Nbd.RepServer, reply.Type);
            int length = (int)reply.UInt32(0);
            Assert.InRange(length, 0, reply.Data.Length - 4);
            return Encoding.UTF8.GetString(reply.Data, 4, length);
        })];
    }

    /// <summary>Negotiates a form of requests and replies.</summary>
    public NbdTestClient Agree(HeaderStyle style)
    {
        if (style != HeaderStyle.Simple)
        {
            Assert.Equal(Nbd.RepAck, AskOne(style == HeaderStyle.Structured ? Nbd.OptStructuredReply : Nbd.OptExtendedHeaders));
        }

        Style = style;
        return this;
    }

    /// <summary>Chooses metadata contexts.</summary>
    /// <returns>The type of the final reply.</returns>
    public uint SetContexts(string export, params string[] queries)
    {
        _contexts.Clear();
        List<OptionReply> replies = Ask(Nbd.OptSetMetaContext, ContextQuery(export, queries));
        foreach (OptionReply reply in replies.Take(replies.Count - 1))
        {
            Assert.Equal(Nbd.RepMetaContext, reply.Type);
            _contexts.Add(reply.Text(4), reply.UInt32(0));
        }

        Assert.Equal(_contexts.Count, _contexts.Values.Distinct().Count());
        if (replies[^1].IsError)
        {
            _contexts.Clear();
        }

        return replies[^1].Type;
    }

    /// <summary>Asks for an export by the newer options.</summary>
    /// <param name="option">To describe it or to choose it.</param>
    /// <param name="export">Its name.</param>
    /// <param name="requests">The information requests.</param>
    /// <returns>All replies.</returns>
    public List<OptionReply> Describe(uint option, string export, params ushort[] requests)
    {
        List<OptionReply> replies = Ask(option, InfoQuery(export, requests));
        HashSet<ushort> seen = [];
        foreach (OptionReply reply in replies.Where(reply => reply.Type == Nbd.RepInfo))
        {
            ushort kind = reply.UInt16(0);
            Assert.True(seen.Add(kind), $"Information {kind} came twice.");
            if (kind == Nbd.InfoExport)
            {
                Assert.Equal(12, reply.Data.Length);
                (Size, Flags) = (reply.UInt64(2), reply.UInt16(10));
            }
        }

        Assert.Equal(replies[^1].Type == Nbd.RepAck, seen.Contains(Nbd.InfoExport));
        return replies;
    }

    /// <summary>Chooses an export; fails if that is refused.</summary>
    public NbdTestClient Go(string export = "")
    {
        OptionReply final = Describe(Nbd.OptGo, export)[^1];
        Assert.True(final.Type == Nbd.RepAck, $"{final.Type:x}: {final.Text()}");
        AssertFlags();
        return this;
    }

    /// <summary>Chooses an export by the old option; fails if the server ends the connection.</summary>
    public void ChooseByName(string export)
    {
        SendOption(Nbd.OptExportName, Encoding.UTF8.GetBytes(export));
        byte[] answer = Receive(10);
        Size = BinaryPrimitives.ReadUInt64BigEndian(answer);
        Flags = BinaryPrimitives.ReadUInt16BigEndian(answer.AsSpan(8));
        if (!LeavesOutZeroes)
        {
            Assert.Equal(new byte[Padding], Receive(Padding));
        }

        AssertFlags();
    }

    /// <summary>Upgrades to TLS, after the server has agreed.</summary>
    /// <param name="expected">The certificate that the server must have.</param>
    public void BeginTls(X509Certificate2 expected)
    {
        SslStream tls = new(_stream, leaveInnerStreamOpen: false, (_, certificate, _, _) => expected.Equals(certificate));
        tls.AuthenticateAsClient("localhost");
        _stream = tls;
    }

    // ---- Transmission

    /// <summary>Sends a request whose reply <see cref="ReceiveReply"/> will check.</summary>
    /// <returns>Its cookie.</returns>
    public ulong Request(ushort command, ulong offset, ulong length, int flags = 0, byte[]? payload = null)
    {
        ulong cookie = ++_lastCookie;
        if (Style == HeaderStyle.Extended && payload is not null)
        {
            flags |= Nbd.PayloadLen;
        }

        _pending.Add(cookie, new PendingRequest(command, offset, length, flags));
        Send([.. Header(command, cookie, offset, length, flags), .. payload ?? []]);
        return cookie;
    }

    /// <summary>The header of a request in the style that was agreed on.</summary>
    public byte[] Header(ushort command, ulong cookie, ulong offset, ulong length, int flags = 0) => Style == HeaderStyle.Extended
        ? [.. UInt32(Nbd.ExtendedRequestMagic), .. UInt16((ushort)flags), .. UInt16(command), .. UInt64(cookie), .. UInt64(offset), .. UInt64(length)]
        : [.. UInt32(Nbd.RequestMagic), .. UInt16((ushort)flags), .. UInt16(command), .. UInt64(cookie), .. UInt64(offset), .. UInt32((uint)length)];

    /// <summary>Sends a request and waits for its reply; no other one may be unanswered.</summary>
    public NbdTestReply Call(ushort command, ulong offset, ulong length, int flags = 0, byte[]? payload = null)
    {
        ulong cookie = Request(command, offset, length, flags, payload);
        NbdTestReply reply = ReceiveReply();
        Assert.Equal(cookie, reply.Cookie);
        return reply;
    }

    /// <summary>Reads a range, which must work.</summary>
    public byte[] Read(ulong offset, int length, int flags = 0)
    {
        NbdTestReply reply = Call(Nbd.CmdRead, offset, (ulong)length, flags);
        Assert.True(reply.Error == 0, $"Reading {length} bytes at {offset}: error {reply.Error} {reply.Message}");
        return reply.Data;
    }

    /// <summary>Writes a range.</summary>
    /// <returns>The error; 0 if it worked.</returns>
    public uint Write(ulong offset, byte[] data, int flags = 0) => Call(Nbd.CmdWrite, offset, (ulong)data.Length, flags, data).Error;

    /// <summary>Carries out a request that has no data.</summary>
    /// <returns>The error; 0 if it worked.</returns>
    public uint Do(ushort command, ulong offset = 0, ulong length = 0, int flags = 0) => Call(command, offset, length, flags).Error;

    /// <summary>Ends the connection in the way that the protocol wants, and waits for the server to do so.</summary>
    public void Disconnect()
    {
        Send(Header(Nbd.CmdDisc, ++_lastCookie, 0, 0));
        AssertEnd();
    }

    /// <summary>Receives messages until one of the replies is complete.</summary>
    public NbdTestReply ReceiveReply()
    {
        while (true)
        {
            if (ReceiveMessage() is { } reply)
            {
                Assert.True(_pending.Remove(reply.Cookie));
                return reply;
            }
        }
    }

    private NbdTestReply? ReceiveMessage()
    {
        uint magic = BinaryPrimitives.ReadUInt32BigEndian(Receive(4));
        if (magic == Nbd.SimpleReplyMagic)
        {
            return ReceiveSimple();
        }

        Assert.Equal(Style switch { HeaderStyle.Structured => Nbd.StructuredReplyMagic, HeaderStyle.Extended => Nbd.ExtendedReplyMagic, _ => Nbd.SimpleReplyMagic }, magic);
        bool isExtended = Style == HeaderStyle.Extended;
        byte[] header = Receive(isExtended ? 28 : 16);
        ushort flags = BinaryPrimitives.ReadUInt16BigEndian(header);
        ushort type = BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(2));
        ulong cookie = BinaryPrimitives.ReadUInt64BigEndian(header.AsSpan(4));
        Assert.True(_pending.TryGetValue(cookie, out PendingRequest? request), $"A chunk for {cookie:x}, which was not asked for.");
        if (isExtended)
        {
            Assert.Equal(request.Offset, BinaryPrimitives.ReadUInt64BigEndian(header.AsSpan(12)));
        }

        ulong length = isExtended ? BinaryPrimitives.ReadUInt64BigEndian(header.AsSpan(20)) : BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(12));
        Assert.InRange(length, 0u, (ulong)Nbd.MaxPayload + 64);
        Assert.Equal(0, flags & ~Nbd.ChunkDone);
        byte[] payload = Receive((int)length);
        if (!_partial.TryGetValue(cookie, out NbdTestReply? reply))
        {
            _partial.Add(cookie, reply = new NbdTestReply(cookie));
        }

        bool isDone = (flags & Nbd.ChunkDone) != 0;
        TakeChunk(request, reply, type, payload, isDone);
        if (!isDone)
        {
            return null;
        }

        _partial.Remove(cookie);
        AssertComplete(request, reply);
        return reply;
    }

    private NbdTestReply ReceiveSimple()
    {
        Assert.NotEqual(HeaderStyle.Extended, Style);
        byte[] header = Receive(12);
        NbdTestReply reply = new(BinaryPrimitives.ReadUInt64BigEndian(header.AsSpan(4))) { Error = BinaryPrimitives.ReadUInt32BigEndian(header) };
        Assert.True(_pending.TryGetValue(reply.Cookie, out PendingRequest? request), $"A reply to {reply.Cookie:x}, which was not asked for.");
        Assert.False(_partial.ContainsKey(reply.Cookie), "A simple reply after chunks.");
        if (Style == HeaderStyle.Structured)
        {
            Assert.NotEqual(Nbd.CmdRead, request.Command);
            Assert.True(request.Command != Nbd.CmdBlockStatus || reply.Error != 0);
        }

        if (request.Command == Nbd.CmdRead && reply.Error == 0)
        {
            reply.Data = Receive((int)request.Length);
        }

        return reply;
    }

    private void TakeChunk(PendingRequest request, NbdTestReply reply, ushort type, byte[] payload, bool isDone)
    {
        switch (type)
        {
            case Nbd.ChunkNone:
                Assert.Empty(payload);
                Assert.True(isDone, "A chunk without contents that is not the last one.");
                break;
            case Nbd.ChunkData:
                Assert.InRange(payload.Length, 9, int.MaxValue);
                TakeContents(request, reply, BinaryPrimitives.ReadUInt64BigEndian(payload), payload.AsSpan(8), payload.Length - 8, isHole: false);
                break;
            case Nbd.ChunkHole:
                Assert.Equal(12, payload.Length);
                uint hole = BinaryPrimitives.ReadUInt32BigEndian(payload.AsSpan(8));
                TakeContents(request, reply, BinaryPrimitives.ReadUInt64BigEndian(payload), [], hole, isHole: true);
                break;
            case Nbd.ChunkStatus:
                Assert.Equal(HeaderStyle.Structured, Style);
                TakeExtents(request, reply, payload, header: 4, size: 8);
                break;
            case Nbd.ChunkStatusExtended:
                Assert.Equal(HeaderStyle.Extended, Style);
                Assert.Equal((payload.Length - 8) / 16, (int)BinaryPrimitives.ReadUInt32BigEndian(payload.AsSpan(4)));
                TakeExtents(request, reply, payload, header: 8, size: 16);
                break;
            case Nbd.ChunkError:
            case Nbd.ChunkErrorOffset:
                int tail = type == Nbd.ChunkErrorOffset ? 8 : 0;
                Assert.InRange(payload.Length, 6 + tail, 6 + 4096 + tail);
                Assert.Equal(0u, reply.Error);
                reply.Error = BinaryPrimitives.ReadUInt32BigEndian(payload);
                Assert.NotEqual(0u, reply.Error);
                int length = BinaryPrimitives.ReadUInt16BigEndian(payload.AsSpan(4));
                Assert.Equal(payload.Length, 6 + length + tail);
                reply.Message = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(payload, 6, length);
                Assert.DoesNotContain('\0', reply.Message);
                if (tail > 0)
                {
                    Assert.NotEqual(Nbd.CmdFlush, request.Command);
                    reply.ErrorOffset = BinaryPrimitives.ReadUInt64BigEndian(payload.AsSpan(6 + length));
                    Assert.InRange(reply.ErrorOffset.Value, request.Offset, request.Offset + request.Length - 1);
                }

                break;
            default:
                Assert.Fail($"A chunk of type {type}.");
                break;
        }
    }

    private static void TakeContents(PendingRequest request, NbdTestReply reply, ulong offset, ReadOnlySpan<byte> data, long length, bool isHole)
    {
        Assert.Equal(Nbd.CmdRead, request.Command);
        Assert.InRange(length, 1, (long)request.Length);
        Assert.InRange(offset, request.Offset, request.Offset + request.Length - (ulong)length);
        Assert.DoesNotContain(reply.Contents, other => offset < other.Offset + (ulong)other.Length && other.Offset < offset + (ulong)length);
        Assert.True(reply.ErrorOffset is not { } error || error < offset || error >= offset + (ulong)length, "Contents after an error within them.");
        Assert.True((request.Flags & Nbd.Df) == 0 || reply.Contents.Count == 0, "A second chunk of a reply that must have one.");
        if (reply.Data.Length == 0)
        {
            reply.Data = new byte[request.Length];
        }

        data.CopyTo(reply.Data.AsSpan((int)(offset - request.Offset)));
        reply.Contents.Add((offset, length, isHole));

        // "Where possible": only the ends of the request need not be whole sectors.
        ulong end = offset + (ulong)length;
        Assert.True(offset % 512 == 0 || offset == request.Offset || isHole, $"A chunk begins at {offset}.");
        Assert.True(end % 512 == 0 || end == request.Offset + request.Length || isHole, $"A chunk ends at {end}.");
    }

    private void TakeExtents(PendingRequest request, NbdTestReply reply, byte[] payload, int header, int size)
    {
        Assert.Equal(Nbd.CmdBlockStatus, request.Command);
        Assert.True(payload.Length > header && (payload.Length - header) % size == 0, $"Extents of {payload.Length} bytes.");
        uint id = BinaryPrimitives.ReadUInt32BigEndian(payload);
        Assert.Contains(id, _contexts.Values);
        List<(ulong Length, ulong Flags)> extents = [];
        for (int at = header; at < payload.Length; at += size)
        {
            extents.Add(size == 8
                ? (BinaryPrimitives.ReadUInt32BigEndian(payload.AsSpan(at)), BinaryPrimitives.ReadUInt32BigEndian(payload.AsSpan(at + 4)))
                : (BinaryPrimitives.ReadUInt64BigEndian(payload.AsSpan(at)), BinaryPrimitives.ReadUInt64BigEndian(payload.AsSpan(at + 8))));
        }

        Assert.True(reply.Extents.TryAdd(id, extents), "Two chunks for one context.");
        Assert.DoesNotContain(extents, extent => extent.Length == 0 || extent.Flags > uint.MaxValue);
        ulong sum = extents.Aggregate(0ul, (total, extent) => total + extent.Length);
        Assert.True(sum - extents[^1].Length < request.Length, "Extents beyond the request.");
        Assert.InRange(sum, 1u, Size - request.Offset);
        if ((request.Flags & Nbd.ReqOne) != 0)
        {
            Assert.InRange(Assert.Single(extents).Length, 1u, request.Length);
        }
    }

    private void AssertComplete(PendingRequest request, NbdTestReply reply)
    {
        if (reply.Error != 0)
        {
            return;
        }

        if (request.Command == Nbd.CmdRead)
        {
            Assert.Equal((long)request.Length, reply.Contents.Sum(chunk => chunk.Length));
        }

        if (request.Command == Nbd.CmdBlockStatus)
        {
            Assert.Equal(_contexts.Values.Order(), reply.Extents.Keys.Order());
        }
    }

    private void AssertFlags()
    {
        Assert.NotEqual(0, Flags & Nbd.FlagHasFlags);
        Assert.Equal(Style != HeaderStyle.Simple, (Flags & Nbd.FlagSendDf) != 0);
        Assert.True((Flags & Nbd.FlagSendFastZero) == 0 || (Flags & Nbd.FlagSendWriteZeroes) != 0);
    }

    // ---- Values

    /// <summary>The data of <see cref="Nbd.OptInfo"/> and <see cref="Nbd.OptGo"/>.</summary>
    public static byte[] InfoQuery(string export, params ushort[] requests) =>
        [.. Text(export), .. UInt16((ushort)requests.Length), .. requests.SelectMany(UInt16)];

    /// <summary>The data of the options for metadata contexts.</summary>
    public static byte[] ContextQuery(string export, params string[] queries) =>
        [.. Text(export), .. UInt32((uint)queries.Length), .. queries.SelectMany(Text)];

    /// <summary>A text with its length before it.</summary>
    public static byte[] Text(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return [.. UInt32((uint)bytes.Length), .. bytes];
    }

    public static byte[] UInt16(ushort value) => [(byte)(value >> 8), (byte)value];

    public static byte[] UInt32(uint value) => [.. UInt16((ushort)(value >> 16)), .. UInt16((ushort)value)];

    public static byte[] UInt64(ulong value) => [.. UInt32((uint)(value >> 32)), .. UInt32((uint)value)];

    private sealed record PendingRequest(ushort Command, ulong Offset, ulong Length, int Flags);
}
