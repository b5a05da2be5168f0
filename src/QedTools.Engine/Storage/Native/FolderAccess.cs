using System;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace QedTools.Storage.Native;

/// <summary>Checks whether files can be created in a folder, without creating one.</summary>
internal static class FolderAccess
{
    /// <summary>Fails if the host is certain to refuse a new file there; if that cannot be determined, it is left to the attempt.</summary>
    /// <param name="folder">The folder, which exists.</param>
    /// <param name="path">What would be created in it, for the message.</param>
    /// <exception cref="QedAccessDeniedException">This user may not create files there.</exception>
    /// <exception cref="QedStorageException">Nobody can: the file system is read-only.</exception>
    public static void RequireWritable(string folder, string path)
    {
        int error = Platform.IsWindows ? AskWindows(folder) : AskUnix(folder);
        if (error == (Platform.IsWindows ? Kernel32.ErrorAccessDenied : LibC.AccessDenied))
        {
            throw new QedAccessDeniedException(path, "create");
        }

        if (error == (Platform.IsWindows ? Kernel32.ErrorWriteProtect : LibC.ReadOnlyFileSystem))
        {
            throw new QedStorageException(path, "create", offset: null, new IOException("The file system is read-only"));
        }
    }

    private static int AskWindows(string folder)
    {
        // The extended form, as a folder's path may be too long without it.
        string name = folder.StartsWith(@"\\", StringComparison.Ordinal) ? folder : @"\\?\" + folder;
        using SafeFileHandle handle = Kernel32.CreateFile(
            name, Kernel32.AddFile, Kernel32.ShareAll, default, Kernel32.OpenExisting, Kernel32.BackupSemantics, default);
        return handle.IsInvalid ? Marshal.GetLastWin32Error() : 0;
    }

    private static unsafe int AskUnix(string folder)
    {
        fixed (byte* name = Encoding.UTF8.GetBytes(folder + '\0'))
        {
            return LibC.Access(name, LibC.AccessWriteAndSearch) == 0 ? 0 : Marshal.GetLastWin32Error();
        }
    }
}
