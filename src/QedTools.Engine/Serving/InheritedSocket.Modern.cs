// Sockets that another process has opened: only newer targets can take one over.
using System;
using System.Net.Sockets;

namespace QedTools.Serving;

/// <summary>A socket that this process was started with.</summary>
internal static class InheritedSocket
{
    /// <summary>Takes it over.</summary>
    /// <param name="descriptor">Its number.</param>
    /// <exception cref="SocketException">It is not a socket.</exception>
    public static Socket Open(int descriptor)
    {
        Storage.Native.Descriptors.CloseOnExecute(descriptor);
        return new Socket(new SafeSocketHandle((IntPtr)descriptor, ownsHandle: true));
    }
}
