// Space for a file that is allocated before anything is written there, and given back where there are only zeroes.
using System;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace QedTools.Storage.Native;

/// <summary>Allocates and frees the space of a file, with fallocate on Linux. On Windows a file that is not marked as sparse already has all its space.</summary>
internal static class FileRoom
{
    private const int KeepSize = 1;  // FALLOC_FL_KEEP_SIZE
    private const int PunchHole = 2; // FALLOC_FL_PUNCH_HOLE
    private const int ZeroRange = 16; // FALLOC_FL_ZERO_RANGE

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

        return TryAllocate(handle, path, mode: 0, 0, length);
    }

    /// <summary>Makes a range of a file or a device read as zeroes, without writing them; a file gives the space back.</summary>
    /// <param name="handle">The file or the device.</param>
    /// <param name="path">Its name, for errors.</param>
    /// <param name="offset">Where the range begins, in bytes.</param>
    /// <param name="length">Its length, in bytes; at least 1, and not beyond the end.</param>
    /// <returns>False if the host, the file system or the device cannot do that.</returns>
    /// <exception cref="System.IO.IOException">The host refused.</exception>
    public static bool TryZero(SafeFileHandle handle, string path, long offset, long length) =>
        Platform.IsLinux && IntPtr.Size == sizeof(long)
        && (TryAllocate(handle, path, PunchHole | KeepSize, offset, length) || TryAllocate(handle, path, ZeroRange | KeepSize, offset, length));

    private static bool TryAllocate(SafeFileHandle handle, string path, int mode, long offset, long length)
    {
        bool added = false;
        try
        {
            handle.DangerousAddRef(ref added);
            int error;
            do
            {
                error = LibC.Allocate(handle.DangerousGetHandle(), mode, offset, length) == 0 ? 0 : Marshal.GetLastWin32Error();
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
