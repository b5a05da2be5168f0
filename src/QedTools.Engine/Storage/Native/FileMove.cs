using System;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;

namespace QedTools.Storage.Native;

/// <summary>Gives a finished file its name in one step.</summary>
internal static unsafe partial class FileMove
{
    /// <summary>Renames within a folder.</summary>
    /// <param name="from">The file.</param>
    /// <param name="to">Its new name.</param>
    /// <param name="replace">Whether whatever has that name is gone in the same step; otherwise it stays and is an error.</param>
    public static void Into(string from, string to, bool replace)
    {
        if (Platform.IsWindows)
        {
            IntoOnWindows(from, to, replace);
            return;
        }

        fixed (byte* source = Encoding.UTF8.GetBytes(from + '\0'))
        fixed (byte* target = Encoding.UTF8.GetBytes(to + '\0'))
        {
            if (replace)
            {
                Require(LibC.Rename(source, target) == 0, to);
            }
            else if (!TryRenameToFree(source, target, to))
            {
                // Two names for a moment, where the file system has no such rename. File.Move looks and then renames, and a file that
                // comes in between is lost; it is left for file systems that have no hard links either.
                if (LibC.Link(source, target) == 0)
                {
                    _ = LibC.Unlink(source);
                }
                else if (Marshal.GetLastWin32Error() is var error && error == LibC.Exists)
                {
                    throw LibC.ErrorOf(error, to);
                }
                else
                {
                    File.Move(from, to);
                }
            }
        }
    }

    // False: the host or the file system has no rename that leaves a taken name alone.
    private static bool TryRenameToFree(byte* source, byte* target, string to)
    {
        try
        {
            int outcome = Platform.IsMac
                ? LibC.RenameMac(source, target, LibC.MacRenameExclusive)
                : LibC.RenameAt2(LibC.AtFdCwd, source, LibC.AtFdCwd, target, LibC.RenameNoReplace);
            if (outcome != 0 && LibC.IsUnsupported(Marshal.GetLastWin32Error()))
            {
                return false;
            }

            Require(outcome == 0, to);
            return true;
        }
        catch (EntryPointNotFoundException)
        {
            return false;
        }
    }

    private static void Require(bool succeeded, string path)
    {
        if (!succeeded)
        {
            throw LibC.ErrorOf(Marshal.GetLastWin32Error(), path);
        }
    }
}
