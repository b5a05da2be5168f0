using System;

namespace QedTools.Storage.Native;

/// <summary>Open files of this process, by number.</summary>
internal static unsafe class Descriptors
{
    private const int SetFlags = 2;
    private const int CloseOnExec = 1;

    /// <summary>Closes an open file.</summary>
    public static void Close(int descriptor) => _ = LibC.Close(descriptor);

    /// <summary>Keeps programs that this process starts from inheriting an open file. Failing is not an error.</summary>
    public static void CloseOnExecute(int descriptor)
    {
        if (Platform.IsLinux)
        {
            _ = LibC.Fcntl((IntPtr)descriptor, SetFlags, (byte*)CloseOnExec);
        }
    }
}
