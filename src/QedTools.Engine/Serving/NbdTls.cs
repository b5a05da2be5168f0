using System.Collections.Generic;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace QedTools.Serving;

/// <summary>How TLS is spoken with all clients of a server.</summary>
/// <param name="certificate">The server's certificate, with its private key.</param>
/// <param name="requiresClient">Whether a client must have a certificate.</param>
/// <param name="authorities">The authorities that it may be from; none: those that this machine trusts.</param>
internal sealed class NbdTls(X509Certificate2 certificate, bool requiresClient, IReadOnlyCollection<X509Certificate2> authorities)
{
    /// <summary>Takes the server's part in the handshake of TLS.</summary>
    /// <param name="stream">A stream that uses <see cref="Accepts"/>.</param>
    /// <exception cref="System.Security.Authentication.AuthenticationException">It failed.</exception>
    public void Authenticate(SslStream stream) =>
        stream.AuthenticateAsServer(certificate, requiresClient, TlsHost.Versions, checkCertificateRevocation: false);

    /// <summary>Whether a client's certificate is good enough.</summary>
    public bool Accepts(object sender, X509Certificate? client, X509Chain? chain, SslPolicyErrors errors)
    {
        if (!requiresClient)
        {
            return true;
        }

        if (client is null)
        {
            return false;
        }

        return authorities.Count == 0 ? errors == SslPolicyErrors.None : CertificateTrust.IsClientOf(client, authorities);
    }
}
