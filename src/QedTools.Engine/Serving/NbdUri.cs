using System;
using System.Collections.Generic;
using System.Globalization;

namespace QedTools.Serving;

/// <summary>The addresses of servers (doc/uri.md of NetworkBlockDevice/nbd).</summary>
internal static class NbdUri
{
    /// <summary>The address of a server, with the export's name if there is only one.</summary>
    /// <param name="listener">Where it listens.</param>
    /// <param name="isEncrypted">Whether it speaks TLS.</param>
    /// <param name="exports">Its exports.</param>
    public static string Of(NbdListener listener, bool isEncrypted, IReadOnlyList<NbdExport> exports)
    {
        string scheme = isEncrypted ? "nbds" : "nbd";
        string name = exports.Count == 1 ? Uri.EscapeDataString(exports[0].Facts.Name) : string.Empty;
        if (listener.SocketPath is { } path)
        {
            return $"{scheme}+unix:///{name}?socket={Uri.EscapeDataString(path).Replace("%2F", "/")}";
        }

        string authority = string.Format(CultureInfo.InvariantCulture, "{0}:{1}", listener.Host, listener.Port);
        return $"{scheme}://{authority}{(name.Length > 0 ? "/" : string.Empty)}{name}";
    }
}
