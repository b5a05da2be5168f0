using System;
using System.IO;
using System.Runtime.InteropServices;

namespace QedTools.Storage.Native;

/// <summary>The discretionary access list of a file on Windows, with whether it takes part in inheritance.</summary>
internal static unsafe class WindowsAccessList
{
    private const uint Discretionary = 4; // DACL_SECURITY_INFORMATION

    /// <summary>A file's list as a security descriptor of the host; null where the file system has none, or does not tell.</summary>
    public static byte[]? Of(string path)
    {
        string name = Extended(path);
        _ = GetFileSecurity(name, Discretionary, null, 0, out uint size);
        if (size == 0)
        {
            return null;
        }

        byte[] list = new byte[size];
        fixed (byte* first = list)
        {
            return GetFileSecurity(name, Discretionary, first, size, out _) ? list : null;
        }
    }

    /// <summary>Gives a file a list that <see cref="Of"/> returned.</summary>
    public static bool TryGive(string path, byte[] list)
    {
        fixed (byte* first = list)
        {
            return SetFileSecurity(Extended(path), Discretionary, first);
        }
    }

    // A path may be too long without it.
    private static string Extended(string path)
    {
        string full = Path.GetFullPath(path);
        return full.StartsWith(@"\\", StringComparison.Ordinal) ? full : @"\\?\" + full;
    }

    [DllImport("advapi32", EntryPoint = "GetFileSecurityW", CharSet = CharSet.Unicode, SetLastError = true, ExactSpelling = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool GetFileSecurity(string path, uint information, byte* descriptor, uint size, out uint needed);

    [DllImport("advapi32", EntryPoint = "SetFileSecurityW", CharSet = CharSet.Unicode, SetLastError = true, ExactSpelling = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool SetFileSecurity(string path, uint information, byte* descriptor);
}
