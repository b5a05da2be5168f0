using System;

namespace QedTools.Serving;

/// <summary>The bytes to and from one client. One thread receives while another sends.</summary>
/// <remarks>The seam beneath the protocol: tests use it to play a client without a network.</remarks>
internal abstract class NbdChannel : IDisposable
{
    /// <summary>Whether TLS has begun.</summary>
    public abstract bool IsEncrypted { get; }

    /// <summary>Waits for bytes and returns some of them.</summary>
    /// <returns>How many; 0 at the end.</returns>
    /// <exception cref="NbdDisconnectedException">The client is gone.</exception>
    public abstract int Receive(byte[] buffer, int offset, int count);

    /// <summary>Sends bytes; waits until the client takes them.</summary>
    /// <exception cref="NbdDisconnectedException">The client is gone.</exception>
    public abstract void Send(byte[] buffer, int offset, int count);

    /// <summary>Lets the client begin TLS.</summary>
    /// <exception cref="NbdDisconnectedException">It did not.</exception>
    public abstract void StartTls(NbdTls tls);

    /// <summary>Makes <see cref="Receive"/> return the end; sending goes on. From any thread.</summary>
    public abstract void EndReceiving();

    /// <summary>Ends the connection, also for threads that are waiting in <see cref="Receive"/> or <see cref="Send"/>. From any thread.</summary>
    public abstract void Abort();

    /// <summary>Ends the connection in an orderly way.</summary>
    public abstract void Dispose();
}
