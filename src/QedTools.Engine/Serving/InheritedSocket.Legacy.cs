// Sockets that another process has opened: only newer targets can take one over.
using System;
using System.Net.Sockets;

namespace QedTools.Serving;

/// <summary>A socket that this process was started with.</summary>
internal static class InheritedSocket
{
    /// <summary>Cannot take it over.</summary>
    /// <param name="descriptor">Its number.</param>
    /// <exception cref="PlatformNotSupportedException">Always.</exception>
    public static Socket Open(int descriptor) => throw new PlatformNotSupportedException();
}
