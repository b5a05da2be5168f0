using System.Collections.Generic;
using System.Security.Cryptography.X509Certificates;

namespace QedTools;

/// <summary>How disks are offered over the network.</summary>
public sealed record DiskServingOptions : DiskContentsOptions
{
    /// <summary>The port that NBD servers listen on by convention.</summary>
    public const int DefaultPort = 10809;

    /// <summary>Whether clients may change the images.</summary>
    public bool Writable { get; init; }

    /// <summary>Whether clients may write, but what they write goes to a temporary file that vanishes when the server ends: the images stay as they are.</summary>
    public bool Temporary { get; init; }

    /// <summary>Whether to write to a file that is raw by its extension even if it begins like an image of another format.</summary>
    public bool AllowOtherContents { get; init; }

    /// <summary>Whether to write to a disk even if other images in its folder are based on it and will read wrong data.</summary>
    public bool AllowOtherOverlays { get; init; }

    /// <summary>The address to listen on: a name or IP address of this computer; 0.0.0.0 or :: for all. Of no effect with a socket.</summary>
    public string Address { get; init; } = "localhost";

    /// <summary>The port to listen on; 0 for any free one. Of no effect with a socket.</summary>
    public int Port { get; init; } = DefaultPort;

    /// <summary>The path of a Unix socket to create and listen on; null for TCP.</summary>
    public string? SocketPath { get; init; }

    /// <summary>The number of an open socket that listens already, as <see cref="DiskServing.TakeActivatedSocket"/> returns it; null to open one.</summary>
    public int? SocketDescriptor { get; init; }

    /// <summary>The certificate, with its private key, that the server identifies itself by. Clients must then use TLS. Null: no TLS.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>Whether clients must have a certificate too.</summary>
    public bool RequireClientCertificate { get; init; }

    /// <summary>The authorities that the certificates of clients may be from. Empty: those that this computer trusts.</summary>
    public IReadOnlyCollection<X509Certificate2> ClientAuthorities { get; init; } = [];

    /// <summary>How many clients may be connected at once.</summary>
    public int MaxConnections { get; init; } = 100;
}
