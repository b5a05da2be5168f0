using System;

namespace QedTools.Serving;

/// <summary>Sends replies, one at a time, from whatever thread has one.</summary>
/// <param name="channel">The connection.</param>
internal sealed class NbdOutput(NbdChannel channel)
{
    private readonly object _gate = new();

    /// <summary>Sends whole replies or chunks.</summary>
    /// <exception cref="NbdDisconnectedException">The client is gone.</exception>
    public void Send(byte[] buffer, int offset, int count)
    {
        lock (_gate)
        {
            channel.Send(buffer, offset, count);
        }
    }

    /// <summary>Sends a reply that comes in several parts, with no other one between them.</summary>
    /// <param name="send">Sends the parts by what it is given.</param>
    /// <exception cref="NbdDisconnectedException">The client is gone.</exception>
    public void SendParts(Action<NbdChannel> send)
    {
        lock (_gate)
        {
            send(channel);
        }
    }
}
