// TLS: offering 1.3 makes every handshake fail on hosts that lack it, and a connection just ends.
using System.Net.Security;
using System.Security.Authentication;

namespace QedTools.Serving;

/// <summary>What the host offers for TLS.</summary>
internal static class TlsHost
{
    /// <summary>The versions that a server speaks.</summary>
    public const SslProtocols Versions = SslProtocols.Tls12;

    /// <summary>Does nothing.</summary>
    public static void End(SslStream stream)
    {
    }
}
