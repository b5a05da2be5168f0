using System;
using System.IO;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace QedTools.Storage.Native;

/// <summary>Paths as the host resolves them: symbolic links first, then "..", which means the parent folder.</summary>
internal static class RealPath
{
    private const int MaxBytes = 4096;
    private const int MaxWindowsCharacters = 32768;
    private const string LongPathPrefix = @"\\?\";
    private const string UncPrefix = @"\\?\UNC\";

    /// <summary>The path of an existing file or folder without symbolic links; null if it does not exist or this host has no such call.</summary>
    public static unsafe string? Of(string path)
    {
        if (Platform.IsWindows)
        {
            return null;
        }

        byte* resolved = stackalloc byte[MaxBytes];
        byte[] name = Encoding.UTF8.GetBytes(path + '\0');
        try
        {
            fixed (byte* first = name)
            {
                return LibC.RealPath(first, resolved) is not null ? Utf8Text(resolved) : null;
            }
        }
        catch (EntryPointNotFoundException)
        {
            return null;
        }
    }

    /// <summary>The path of an existing file or folder once symbolic links and junctions are followed; null if it does not exist.</summary>
    /// <param name="path">A full path.</param>
    public static string? Final(string path) => Platform.IsWindows ? FinalOnWindows(path) : Of(path);

    /// <summary>The full path that a name in a folder leads to.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="name">A file name relative to the folder.</param>
    /// <exception cref="ArgumentException">It is not a valid path.</exception>
    public static string Combine(string folder, string name)
    {
        string path = Path.Combine(folder, name);

        // Only a name with ".." can mean something different when resolved as text than to the host.
        bool goesUp = !Platform.IsWindows && Array.IndexOf(name.Split('/'), "..") >= 0;
        return goesUp && Of(Path.GetDirectoryName(path) ?? folder) is { } real
            ? Path.Combine(real, Path.GetFileName(path))
            : Path.GetFullPath(path);
    }

    private static unsafe string? FinalOnWindows(string path)
    {
        // The extended form, as the path may be too long without it.
        string name = path.StartsWith(@"\\", StringComparison.Ordinal) ? path : LongPathPrefix + path;
        using SafeFileHandle handle = Kernel32.CreateFile(
            name, Kernel32.ReadAttributes, Kernel32.ShareAll, IntPtr.Zero, Kernel32.OpenExisting, Kernel32.BackupSemantics, IntPtr.Zero);
        if (handle.IsInvalid)
        {
            return null;
        }

        char[] buffer = new char[MaxWindowsCharacters];
        fixed (char* first = buffer)
        {
            uint length = Kernel32.GetFinalPathNameByHandle(handle, first, (uint)buffer.Length, flags: 0);
            string final = length is 0 or >= MaxWindowsCharacters ? string.Empty : new string(buffer, 0, (int)length);
            return final.StartsWith(UncPrefix, StringComparison.Ordinal) ? final.Remove(2, UncPrefix.Length - 2)
                : final.StartsWith(LongPathPrefix, StringComparison.Ordinal) ? final.Substring(LongPathPrefix.Length)
                : final.Length > 0 ? final : null;
        }
    }

    private static unsafe string Utf8Text(byte* text)
    {
        int length = 0;
        while (text[length] != 0)
        {
            length++;
        }

        return Encoding.UTF8.GetString(text, length);
    }
}
