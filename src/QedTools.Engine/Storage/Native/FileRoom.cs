// Space for a file that is allocated before anything is written there.
using System;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace QedTools.Storage.Native;

/// <summary>Allocates the space of a file, with fallocate on Linux. On Windows a file that is not marked as sparse already has all its space.</summary>
internal static class FileRoom
{
    /// <summary>Allocates the space of a file from its start on.</summary>
    /// <param name="handle">The file, which is at least that long.</param>
    /// <param name="path">Its name, for errors.</param>
    /// <param name="length">How much, in bytes; at least 1.</param>
    /// <returns>False if the host or the file system cannot do that.</returns>
    /// <exception cref="System.IO.IOException">There is not enough space, or the host refused.</exception>
    public static bool TryTake(SafeFileHandle handle, string path, long length)
    {
        // In a 32-bit process the call takes offsets of 32 bits.
        if (!Platform.IsLinux || IntPtr.Size != sizeof(long))
        {
            return Platform.IsWindows;
        }

        bool added = false;
        try
        {
            handle.DangerousAddRef(ref added);
            int error;
            do
            {
                error = LibC.Allocate(handle.DangerousGetHandle(), mode: 0, 0, length) == 0 ? 0 : Marshal.GetLastWin32Error();
            }
            while (error == LibC.Interrupted);

            return error == 0 || (LibC.IsUnsupported(error) ? false : throw LibC.ErrorOf(error, path));
        }
        catch (EntryPointNotFoundException)
        {
            return false;
        }
        finally
        {
            if (added)
            {
                handle.DangerousRelease();
            }
        }
    }
}
