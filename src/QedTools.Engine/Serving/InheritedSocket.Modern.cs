// Sockets that another process has opened: only newer targets can take one over.
using System;
using System.Net.Sockets;

namespace QedTools.Serving;

/// <summary>A socket that this process was started with. The one that opened it goes on using it, so it is never shut down here.</summary>
internal static class InheritedSocket
{
    /// <summary>Takes it over.</summary>
    /// <param name="descriptor">Its number.</param>
    /// <exception cref="SocketException">It is not a socket.</exception>
    public static Socket Open(int descriptor)
    {
        Storage.Native.Descriptors.CloseOnExecute(descriptor);
        return new Socket(new SafeSocketHandle((IntPtr)descriptor, ownsHandle: false));
    }
}
