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
    /// <param name="replace">Whether a file of that name is replaced in the same step; if not, it stays and causes an error.</param>
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
                // Without such a rename, the file has two names for a moment. File.Move checks and then renames, so a file created in
                // between would be lost; it is used only on file systems that have no hard links either.
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

    // False if the host or the file system has no rename that leaves an existing file alone.
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
