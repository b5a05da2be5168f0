using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace QedTools;

/// <summary>Which certificates of clients are good enough.</summary>
internal static class CertificateTrust
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    /// <summary>Whether a client's certificate is valid and comes from one of some authorities.</summary>
    /// <remarks>Trusting only certain roots is a setting of newer targets only, so the chain may end anywhere, and its end is then looked at.</remarks>
    public static bool IsClientOf(X509Certificate client, IReadOnlyCollection<X509Certificate2> authorities)
    {
        using X509Chain chain = new();
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.AllowUnknownCertificateAuthority;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        chain.ChainPolicy.ExtraStore.AddRange(authorities.ToArray());
        using X509Certificate2 certificate = new(client);
        if (!chain.Build(certificate) || chain.ChainStatus.Any(status => (status.Status & ~X509ChainStatusFlags.UntrustedRoot) != 0))
        {
            return false;
        }

        byte[] root = chain.ChainElements[chain.ChainElements.Count - 1].Certificate.RawData;
        return authorities.Any(authority => authority.RawData.AsSpan().SequenceEqual(root));
    }
}
