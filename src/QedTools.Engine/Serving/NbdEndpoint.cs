namespace QedTools.Serving;

/// <summary>Where a server listens.</summary>
/// <param name="Address">The host's name or address; of no effect with one of the others.</param>
/// <param name="Port">The port; 0 for any free one.</param>
/// <param name="SocketPath">The full path of a Unix socket; null for TCP.</param>
/// <param name="Descriptor">The number of an open socket that listens already; null to open one.</param>
internal sealed record NbdEndpoint(string Address, int Port, string? SocketPath, int? Descriptor);
