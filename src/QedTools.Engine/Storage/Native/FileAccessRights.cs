using System;
using System.Text;

namespace QedTools.Storage.Native;

/// <summary>Who may use a file, on Linux and macOS. On Windows a new file has the rights of its folder, as all have.</summary>
internal static class FileAccessRights
{
    /// <summary>Lets those use a new file who may use another one, and nobody else. To be called while it is empty.</summary>
    /// <param name="target">The new file, which this user owns.</param>
    /// <param name="source">The other file.</param>
    /// <exception cref="UnauthorizedAccessException">The host refuses.</exception>
    public static unsafe void Copy(string target, string source)
    {
        if (Platform.IsWindows
            || FileStatus.OfPath(source) is not { Permissions: { } wanted } like
            || FileStatus.OfPath(target) is not { Permissions: { } present } own)
        {
            return;
        }

        fixed (byte* path = Encoding.UTF8.GetBytes(target + '\0'))
        {
            // Only root can give a file away; anybody else keeps it.
            if (like.Owner is { } owner && owner != own.Owner && LibC.ChangeOwner(path, owner.User, owner.Group) == 0)
            {
                present = -1; // the host may have taken some rights away with it
            }

            if (wanted != present && LibC.ChangeMode(path, (uint)wanted) != 0)
            {
                throw new UnauthorizedAccessException($"The permissions of '{source}' could not be given to the new file '{target}'.");
            }
        }
    }
}
