using System;
using System.Globalization;

namespace QedTools;

/// <summary>A server cannot listen where it was told to.</summary>
public sealed class QedEndpointException : QedException
{
    private QedEndpointException(string path, string endpoint, string message, Exception? innerException = null)
        : base(path, message, innerException) => Endpoint = endpoint;

    /// <summary>Where it was to listen: an address with its port, or the path of a socket.</summary>
    public string Endpoint { get; }

    internal static QedEndpointException ForTaken(string path, string endpoint, Exception innerException) => new(
        path, endpoint, $"Another program, or another server of this one, listens on {endpoint} already, so '{path}' cannot be served there. End it, or choose another port; port 0 means any free one.", innerException);

    internal static QedEndpointException ForForeignAddress(string path, string endpoint, Exception innerException) => new(
        path, endpoint, $"'{path}' cannot be served on {endpoint}: that is not an address of this computer. Choose one of its own, or 0.0.0.0 for all of them.", innerException);

    internal static QedEndpointException ForUnknownHost(string path, string endpoint, Exception innerException) => new(
        path, endpoint, $"'{path}' cannot be served on {endpoint}: there is no computer of that name. Check the name, or give an IP address.", innerException);

    internal static QedEndpointException ForPermission(string path, string endpoint, Exception innerException) => new(
        path, endpoint, $"No permission to listen on {endpoint}. Choose a port from 1024 on, or a folder that you may write to.", innerException);

    internal static QedEndpointException ForExistingPath(string path, string endpoint) => new(
        path, endpoint, $"'{endpoint}' exists already, so '{path}' cannot be served there. If it is the socket of a server that has ended, delete it; otherwise choose another path.");

    internal static QedEndpointException ForMissingFolder(string path, string endpoint, string folder) => new(
        path, endpoint, $"'{path}' cannot be served on {endpoint}: the folder '{folder}' does not exist. Create it, or choose another path.");

    internal static QedEndpointException ForLongPath(string path, string endpoint, int length, int max) => new(
        path, endpoint, string.Format(CultureInfo.InvariantCulture, "The socket path '{0}' has {1} bytes in UTF-8, but at most {2} are possible. Choose a shorter one.", endpoint, length, max));

    internal static QedEndpointException ForOther(string path, string endpoint, string reason, Exception? innerException = null) => new(
        path, endpoint, $"'{path}' cannot be served on {endpoint}: {reason}.", innerException);
}
