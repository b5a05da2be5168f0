// TLS: where the system library knows 1.3, it may be offered even if the host lacks it, and a connection can be ended properly.
using System.Net.Security;
using System.Security.Authentication;

namespace QedTools.Serving;

/// <summary>What the host offers for TLS.</summary>
internal static class TlsHost
{
    /// <summary>The versions that a server speaks.</summary>
    public const SslProtocols Versions = SslProtocols.Tls12 | SslProtocols.Tls13;

    /// <summary>Tells the client that nothing more comes.</summary>
    public static void End(SslStream stream) => stream.ShutdownAsync().GetAwaiter().GetResult();
}
