using System;
using System.Buffers.Binary;
using System.Globalization;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Text;
using QedTools.Tests.Support;

namespace QedTools.Tests.Serving;

/// <summary>
/// A client that does one thing at a time, with simple replies, written after doc/proto.md of NetworkBlockDevice/nbd and not after the server. No
/// call waits longer than <see cref="Patience"/>.
/// </summary>
internal sealed class PlainClient : IDisposable
{
    public const ushort Fua = 1;

    private const uint OptGo = 7;
    private const uint RepAck = 1;
    private const uint RepInfo = 3;

    private readonly Socket _socket;
    private ulong _cookie;

    private PlainClient(Socket socket)
    {
        _socket = socket;
        _socket.ReceiveTimeout = Patience.Milliseconds;
        _socket.SendTimeout = Patience.Milliseconds;
    }

    /// <summary>The size of the disk, in bytes.</summary>
    public long Size { get; private set; }

    /// <summary>The transmission flags.</summary>
    public int Flags { get; private set; }

    /// <summary>Connects and chooses the export.</summary>
    /// <param name="uri">nbd://ADDRESS:PORT/NAME or nbd+unix:///NAME?socket=PATH.</param>
    public static PlainClient Connect(string uri)
    {
        Uri parsed = new(uri);
        bool isUnix = parsed.Scheme == "nbd+unix";
        EndPoint place = isUnix
            ? new UnixDomainSocketEndPoint(Uri.UnescapeDataString(parsed.Query["?socket=".Length..]))
            : new IPEndPoint(parsed.Host == "localhost" ? IPAddress.Loopback : IPAddress.Parse(parsed.Host), parsed.Port);
        Socket socket = new(place.AddressFamily, SocketType.Stream, isUnix ? ProtocolType.Unspecified : ProtocolType.Tcp);
        PlainClient client = new(socket);
        try
        {
            if (!isUnix)
            {
                socket.NoDelay = true;
            }

            socket.Connect(place);
            client.Choose(Uri.UnescapeDataString(parsed.AbsolutePath.TrimStart('/')));
            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    public byte[] Read(long offset, int count)
    {
        Ask(0, 0, offset, count, []);
        return Receive(count);
    }

    public void Write(long offset, ReadOnlySpan<byte> data, ushort flags = 0) => Ask(1, flags, offset, data.Length, data);

    public void Flush() => Ask(3, 0, 0, 0, []);

    public void Trim(long offset, int count, ushort flags = 0) => Ask(4, flags, offset, count, []);

    public void Zero(long offset, int count, ushort flags = 0) => Ask(6, flags, offset, count, []);

    /// <summary>Ends the connection as a client should.</summary>
    public void Disconnect() => Send(Request(2, 0, 0, 0));

    public void Dispose() => _socket.Dispose();

    private void Choose(string name)
    {
        Require(BinaryPrimitives.ReadUInt64BigEndian(Receive(8)), 0x4e42444d41474943);
        Require(BinaryPrimitives.ReadUInt64BigEndian(Receive(8)), 0x49484156454f5054);
        Receive(2);
        byte[] text = Encoding.UTF8.GetBytes(name);
        byte[] option = new byte[4 + 16 + 4 + text.Length + 2];
        BinaryPrimitives.WriteUInt32BigEndian(option, 3); // fixed newstyle, no zeroes
        BinaryPrimitives.WriteUInt64BigEndian(option.AsSpan(4), 0x49484156454f5054);
        BinaryPrimitives.WriteUInt32BigEndian(option.AsSpan(12), OptGo);
        BinaryPrimitives.WriteInt32BigEndian(option.AsSpan(16), 4 + text.Length + 2);
        BinaryPrimitives.WriteInt32BigEndian(option.AsSpan(20), text.Length);
        text.CopyTo(option, 24);
        Send(option);
        for (; ; )
        {
            byte[] head = Receive(20);
            Require(BinaryPrimitives.ReadUInt64BigEndian(head), 0x3e889045565a9);
            Require(BinaryPrimitives.ReadUInt32BigEndian(head.AsSpan(8)), OptGo);
            uint type = BinaryPrimitives.ReadUInt32BigEndian(head.AsSpan(12));
            byte[] data = Receive(BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(16)));
            switch (type)
            {
                case RepAck:
                    return;
                case RepInfo when data.Length == 12 && data[0] == 0 && data[1] == 0:
                    Size = BinaryPrimitives.ReadInt64BigEndian(data.AsSpan(2));
                    Flags = BinaryPrimitives.ReadUInt16BigEndian(data.AsSpan(10));
                    break;
                case RepInfo:
                    break;
                default:
                    throw new InvalidDataException($"The server does not serve '{name}': {type:x}, {Encoding.UTF8.GetString(data)}");
            }
        }
    }

    private void Ask(ushort command, ushort flags, long offset, int count, ReadOnlySpan<byte> data)
    {
        byte[] request = Request(command, flags, offset, count);
        Send(data.Length == 0 ? request : [.. request, .. data]);
        byte[] reply = Receive(16);
        Require(BinaryPrimitives.ReadUInt32BigEndian(reply), 0x67446698);
        Require(BinaryPrimitives.ReadUInt64BigEndian(reply.AsSpan(8)), _cookie);
        uint error = BinaryPrimitives.ReadUInt32BigEndian(reply.AsSpan(4));
        if (error != 0)
        {
            throw new InvalidDataException(string.Format(
                CultureInfo.InvariantCulture, "Command {0} for {1} bytes at {2} failed with {3}.", command, count, offset, error));
        }
    }

    private byte[] Request(ushort command, ushort flags, long offset, int count)
    {
        byte[] request = new byte[28];
        BinaryPrimitives.WriteUInt32BigEndian(request, 0x25609513);
        BinaryPrimitives.WriteUInt16BigEndian(request.AsSpan(4), flags);
        BinaryPrimitives.WriteUInt16BigEndian(request.AsSpan(6), command);
        BinaryPrimitives.WriteUInt64BigEndian(request.AsSpan(8), ++_cookie);
        BinaryPrimitives.WriteInt64BigEndian(request.AsSpan(16), offset);
        BinaryPrimitives.WriteInt32BigEndian(request.AsSpan(24), count);
        return request;
    }

    private void Send(ReadOnlySpan<byte> data)
    {
        while (data.Length > 0)
        {
            data = data[_socket.Send(data)..];
        }
    }

    private byte[] Receive(int count)
    {
        byte[] data = new byte[count];
        for (int done = 0; done < count;)
        {
            int got = _socket.Receive(data.AsSpan(done));
            done += got > 0 ? got : throw new EndOfStreamException("The server has ended the connection.");
        }

        return data;
    }

    private static void Require(ulong value, ulong expected)
    {
        if (value != expected)
        {
            throw new InvalidDataException($"The server sent {value:x} instead of {expected:x}.");
        }
    }
}
