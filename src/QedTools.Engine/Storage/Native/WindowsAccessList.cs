using System;
using System.IO;
using System.Runtime.InteropServices;

namespace QedTools.Storage.Native;

/// <summary>The discretionary access control list of a file on Windows, including whether it inherits entries.</summary>
internal static unsafe class WindowsAccessList
{
    private const uint Discretionary = 4; // DACL_SECURITY_INFORMATION

    /// <summary>A file's list as a native security descriptor; null if the file system has none or does not report it.</summary>
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

    /// <summary>Applies a list that <see cref="Of"/> returned to a file.</summary>
    public static bool TryGive(string path, byte[] list)
    {
        fixed (byte* first = list)
        {
            return SetFileSecurity(Extended(path), Discretionary, first);
        }
    }

    // Without the prefix a path may be too long.
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
