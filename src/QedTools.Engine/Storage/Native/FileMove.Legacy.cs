using System;
using System.IO;
using System.Text;

namespace QedTools.Storage.Native;

/// <summary>Gives a finished file its name in one step.</summary>
internal static class FileMove
{
    /// <summary>Renames within a folder; with <paramref name="replace"/> whatever has the name is gone in the same step, and its permissions stay.</summary>
    public static void Into(string from, string to, bool replace)
    {
        if (!replace || !File.Exists(to))
        {
            File.Move(from, to);
            return;
        }

        if (!Platform.IsWindows)
        {
            CopyPermissions(from, to);
        }

        File.Replace(from, to, null);
    }

    private static unsafe void CopyPermissions(string target, string source)
    {
        if (FileStatus.OfPath(source) is not { Permissions: { } permissions })
        {
            return;
        }

        fixed (byte* path = Encoding.UTF8.GetBytes(target + '\0'))
        {
            if (LibC.ChangeMode(path, (uint)permissions) != 0)
            {
                throw new UnauthorizedAccessException($"The permissions of '{source}' could not be given to the file that replaces it.");
            }
        }
    }
}
