using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using QedTools.Storage;
using QedTools.Storage.Native;

namespace QedTools.Serving;

/// <summary>An open socket that clients connect to.</summary>
internal sealed class NbdListener : IDisposable
{
    private const int Backlog = 128;

    // In bytes; room for more than one reply, so that the next one is read while the client takes this one. For TCP the system finds a size.
    private const int UnixSendBuffer = 512 << 10;

    // How often it is looked at whether to go on waiting for a client of an inherited socket.
    private const int PollMicroseconds = 200_000;

    private readonly Socket _socket;
    private readonly string? _ownMark;
    private readonly int? _inherited;
    private volatile bool _isClosed;
    private int _isDisposed;

    private NbdListener(Socket socket, string host, string? socketPath, string? ownMark, int? inherited = null)
    {
        _socket = socket;
        _ownMark = ownMark;
        _inherited = inherited;
        Host = host;
        SocketPath = socketPath;
        Port = (socket.LocalEndPoint as IPEndPoint)?.Port ?? 0;
    }

    /// <summary>The host that clients name, as it is written in a URI.</summary>
    public string Host { get; }

    /// <summary>The port; 0 for a Unix socket.</summary>
    public int Port { get; }

    /// <summary>The path of the Unix socket; null for TCP.</summary>
    public string? SocketPath { get; }

    /// <summary>Starts to listen.</summary>
    /// <param name="endpoint">Where.</param>
    /// <param name="image">The image that the server is for, for errors.</param>
    /// <exception cref="QedEndpointException">It is not possible there.</exception>
    public static NbdListener Open(NbdEndpoint endpoint, string image)
    {
        if (endpoint.Descriptor is { } descriptor)
        {
            return OfDescriptor(descriptor, image);
        }

        return endpoint.SocketPath is { } path ? OnPath(path, image) : OnPort(endpoint.Address, endpoint.Port, image);
    }

    /// <summary>Makes sure that it is possible to listen somewhere, as far as that can be found out without listening or creating anything.</summary>
    /// <param name="endpoint">Where.</param>
    /// <param name="image">The image that the server is for, for errors.</param>
    /// <exception cref="QedEndpointException">It is not possible there.</exception>
    public static void RequirePossible(NbdEndpoint endpoint, string image)
    {
        if (endpoint.Descriptor is not null)
        {
            return;
        }

        if (endpoint.SocketPath is { } path)
        {
            RequirePossible(path, image);
        }
        else
        {
            Bind(endpoint.Address, endpoint.Port, image, out _).Dispose();
        }
    }

    /// <summary>Waits for a client.</summary>
    /// <exception cref="SocketException">It did not work, or this was closed.</exception>
    /// <exception cref="ObjectDisposedException">This was closed.</exception>
    public Socket Accept()
    {
        // Ending a call that waits would shut the socket down, for the process that it was inherited from too.
        while (_inherited is not null && !_socket.Poll(PollMicroseconds, SelectMode.SelectRead))
        {
            if (_isClosed)
            {
                throw new SocketException((int)SocketError.OperationAborted);
            }
        }

        Socket client = _socket.Accept();
        if (client.AddressFamily is AddressFamily.InterNetwork or AddressFamily.InterNetworkV6)
        {
            client.NoDelay = true;
            client.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        }
        else if (!Platform.IsWindows)
        {
            client.SendBufferSize = UnixSendBuffer;
        }

        return client;
    }

    /// <summary>Ends the waiting for clients: <see cref="Accept"/> fails. An inherited socket stays open until this is disposed.</summary>
    public void Close()
    {
        _isClosed = true;
        if (_inherited is not null)
        {
            return;
        }

        // Before it is closed, as no other file can have its mark until then: what somebody else has put in its place stays.
        if (_ownMark is not null && HostFiles.MarkOf(SocketPath!) == _ownMark)
        {
            HostFiles.Delete(SocketPath!);
        }

        _socket.Dispose();
    }

    /// <summary>Closes the socket. Nobody may be waiting for clients any more.</summary>
    public void Dispose()
    {
        Close();
        if (_inherited is { } descriptor && Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            _socket.Dispose();
            Descriptors.Close(descriptor);
        }
    }

    private static void RequirePossible(string path, string image)
    {
        int length = Encoding.UTF8.GetByteCount(path);
        if (length > UnixSocketEndPoint.MaxPathBytes)
        {
            throw QedEndpointException.ForLongPath(image, path, length, UnixSocketEndPoint.MaxPathBytes);
        }

        if (HostFiles.Exists(path))
        {
            throw QedEndpointException.ForExistingPath(image, path);
        }

        string folder = HostFiles.FolderOf(path);
        if (!HostFiles.IsFolder(folder))
        {
            throw QedEndpointException.ForMissingFolder(image, path, folder);
        }
    }

    private static NbdListener OnPath(string path, string image)
    {
        RequirePossible(path, image);
        Socket socket = NewSocket(AddressFamily.Unix, ProtocolType.Unspecified, image, path);
        NbdListener? listener = null;
        try
        {
            socket.Bind(new UnixSocketEndPoint(path));
            listener = new NbdListener(socket, string.Empty, path, HostFiles.MarkOf(path));

            // Nobody can connect before it listens.
            HostFiles.KeepForOwner(path);
            socket.Listen(Backlog);
            return listener;
        }
        catch (Exception e) when (e is SocketException or IOException or ArgumentException)
        {
            listener?.Dispose();
            socket.Dispose();
            throw Translate(e, image, path);
        }
    }

    private static NbdListener OnPort(string address, int port, string image)
    {
        Socket socket = Bind(address, port, image, out IPAddress found);
        try
        {
            socket.Listen(Backlog);
            return new NbdListener(socket, UriHostOf(address, found), null, null);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            socket.Dispose();
            throw Translate(e, image, PlaceOf(address, port));
        }
    }

    private static Socket Bind(string address, int port, string image, out IPAddress found)
    {
        string place = PlaceOf(address, port);
        found = Resolve(address, image, place);
        Socket socket = NewSocket(found.AddressFamily, ProtocolType.Tcp, image, place);
        if (found.Equals(IPAddress.IPv6Any))
        {
            socket.DualMode = true;
        }

        // .NET reuses ports of connections that have ended as it is. ReuseAddress would allow two servers at once: on Windows, and elsewhere as
        // SO_REUSEPORT.
        if (Environment.OSVersion.Platform == PlatformID.Win32NT)
        {
            socket.ExclusiveAddressUse = true;
        }

        try
        {
            socket.Bind(new IPEndPoint(found, port));
            return socket;
        }
        catch (Exception e) when (e is SocketException or IOException or ArgumentException)
        {
            socket.Dispose();
            throw Translate(e, image, place);
        }
    }

    private static NbdListener OfDescriptor(int descriptor, string image)
    {
        string place = string.Format(CultureInfo.InvariantCulture, "descriptor {0}", descriptor);
        try
        {
            Socket socket = InheritedSocket.Open(descriptor);
            return socket.LocalEndPoint switch
            {
                IPEndPoint ip => new NbdListener(socket, UriHostOf(ip.Address.ToString(), ip.Address), null, null, descriptor),
                { AddressFamily: AddressFamily.Unix } unix => new NbdListener(socket, string.Empty, unix.ToString() ?? string.Empty, null, descriptor),
                _ => throw QedEndpointException.ForOther(image, place, "it is not a socket that listens"),
            };
        }
        catch (Exception e) when (e is SocketException or PlatformNotSupportedException or ArgumentException)
        {
            throw QedEndpointException.ForOther(image, place, "it is not a socket that listens", e);
        }
    }

    private static Socket NewSocket(AddressFamily family, ProtocolType protocol, string image, string place)
    {
        try
        {
            return new Socket(family, SocketType.Stream, protocol);
        }
        catch (SocketException e)
        {
            throw Translate(e, image, place);
        }
    }

    private static QedEndpointException Translate(Exception e, string image, string place) => (e as SocketException)?.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse => QedEndpointException.ForTaken(image, place, e),
        SocketError.AddressNotAvailable => QedEndpointException.ForForeignAddress(image, place, e),
        SocketError.AccessDenied => QedEndpointException.ForPermission(image, place, e),
        _ => QedEndpointException.ForOther(image, place, e.Message.TrimEnd('.'), e),
    };

    // Of several addresses of a name the first IPv4 one: what connects to a name tries all of them.
    private static IPAddress Resolve(string address, string image, string place)
    {
        if (IPAddress.TryParse(address.Trim('[', ']'), out IPAddress? parsed))
        {
            return parsed;
        }

        if (string.Equals(address, "localhost", StringComparison.OrdinalIgnoreCase))
        {
            return IPAddress.Loopback;
        }

        try
        {
            IPAddress[] all = Dns.GetHostAddresses(address);
            return all.FirstOrDefault(one => one.AddressFamily == AddressFamily.InterNetwork) ?? all.First();
        }
        catch (Exception e) when (e is SocketException or ArgumentException or InvalidOperationException)
        {
            throw QedEndpointException.ForUnknownHost(image, place, e);
        }
    }

    private static string UriHostOf(string address, IPAddress found)
    {
        if (found.Equals(IPAddress.Any) || found.Equals(IPAddress.IPv6Any))
        {
            return Dns.GetHostName();
        }

        return IPAddress.TryParse(address.Trim('[', ']'), out IPAddress? ip) && ip.AddressFamily == AddressFamily.InterNetworkV6
            ? $"[{Uri.EscapeDataString(ip.ToString()).Replace("%3A", ":")}]"
            : Uri.EscapeDataString(address);
    }

    private static string PlaceOf(string address, int port) =>
        string.Format(CultureInfo.InvariantCulture, address.AsSpan().IndexOf(':') >= 0 && address[0] != '[' ? "[{0}]:{1}" : "{0}:{1}", address, port);
}
