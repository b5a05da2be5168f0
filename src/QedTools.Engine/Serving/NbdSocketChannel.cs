using System;
using System.IO;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace QedTools.Serving;

/// <summary>A client at the other end of a socket. All calls block, which is what sockets do fastest.</summary>
/// <param name="socket">The socket, which this owns.</param>
internal sealed class NbdSocketChannel(Socket socket) : NbdChannel
{
    private SslStream? _tls;

    public override bool IsEncrypted => _tls is not null;

    public override int Receive(byte[] buffer, int offset, int count)
    {
        try
        {
            return _tls is { } tls ? tls.Read(buffer, offset, count) : socket.Receive(buffer, offset, count, SocketFlags.None);
        }
        catch (Exception e) when (IsDisconnection(e))
        {
            throw new NbdDisconnectedException(e);
        }
    }

    public override void Send(byte[] buffer, int offset, int count)
    {
        try
        {
            if (_tls is { } tls)
            {
                tls.Write(buffer, offset, count);
                return;
            }

            while (count > 0)
            {
                int sent = socket.Send(buffer, offset, count, SocketFlags.None);
                offset += sent;
                count -= sent;
            }
        }
        catch (Exception e) when (IsDisconnection(e))
        {
            throw new NbdDisconnectedException(e);
        }
    }

    public override void StartTls(NbdTls tls)
    {
        SslStream? stream = null;
        try
        {
            stream = new SslStream(new NetworkStream(socket, ownsSocket: false), leaveInnerStreamOpen: false, tls.Accepts);
            tls.Authenticate(stream);
            _tls = stream;
        }
        catch (Exception e) when (IsDisconnection(e) || e is AuthenticationException)
        {
            stream?.Dispose();
            throw new NbdDisconnectedException(e);
        }
    }

    public override void EndReceiving() => Try(() => socket.Shutdown(SocketShutdown.Receive));

    public override void Abort()
    {
        Try(() => socket.Shutdown(SocketShutdown.Both));
        socket.Dispose();
    }

    public override void Dispose()
    {
        if (_tls is { } tls)
        {
            Try(() => TlsHost.End(tls));
            Try(tls.Dispose);
        }

        Try(() => socket.Shutdown(SocketShutdown.Both));
        socket.Dispose();
    }

    private static bool IsDisconnection(Exception e) => e is SocketException or IOException or ObjectDisposedException;

    private static void Try(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (IsDisconnection(e))
        {
            // It is gone already.
        }
    }
}
