// Where a file has holes, as far as the host can tell.
using System;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace QedTools.Storage.Native;

/// <summary>
/// Finds holes with SEEK_DATA/SEEK_HOLE on Linux and FSCTL_QUERY_ALLOCATED_RANGES on Windows, and allows files to have them.
/// </summary>
internal static unsafe class FileHoles
{
    private const int FromStart = 0; // SEEK_SET
    private const int SeekData = 3;
    private const int SeekHole = 4;
    private const int NoSuchAddress = 6; // ENXIO: no data from here to the end of the file

    // Rounding to pages overflows near 2^63: tmpfs was seen to report no data where there is some.
    private const long TrustedEnd = long.MaxValue - (1 << 20);

    /// <summary>The range at <paramref name="offset"/>, at most <paramref name="length"/> bytes of it.</summary>
    public static StorageRange RangeAt(SafeFileHandle handle, long offset, long length)
    {
        try
        {
            if (Platform.IsWindows)
            {
                return WindowsRangeAt(handle, offset, length);
            }

            // macOS has the call too, but APFS was seen to report holes where there is data (coreutils, pull request 68). In a
            // 32-bit process lseek takes a 32-bit offset, and a different call would be needed.
            if (Platform.IsLinux && IntPtr.Size == sizeof(long))
            {
                return LinuxRangeAt(handle, offset, length);
            }
        }
        catch (EntryPointNotFoundException)
        {
            // As on a host that cannot tell or is not trusted: everything is data.
        }

        return new StorageRange(length, IsHole: false);
    }

    /// <summary>Lets a Windows file have holes; other hosts need no call for that. A file system without holes is not an error.</summary>
    public static void Allow(SafeFileHandle handle)
    {
        if (Platform.IsWindows)
        {
            Kernel32.DeviceIoControl(handle, Kernel32.FsctlSetSparse, null, 0, null, 0, out _, IntPtr.Zero);
        }
    }

    /// <summary>Sets a file's position, which <see cref="RangeAt"/> moves on Linux; on Windows it is passed with each read.</summary>
    public static void MoveTo(SafeFileHandle handle, long offset)
    {
        if (!Platform.IsLinux)
        {
            return;
        }

        bool added = false;
        try
        {
            handle.DangerousAddRef(ref added);
            LibC.Seek(handle.DangerousGetHandle(), offset, FromStart);
        }
        finally
        {
            if (added)
            {
                handle.DangerousRelease();
            }
        }
    }

    private static StorageRange LinuxRangeAt(SafeFileHandle handle, long offset, long length)
    {
        if (offset >= TrustedEnd)
        {
            return new StorageRange(length, IsHole: false);
        }

        length = Math.Min(length, TrustedEnd - offset);
        bool added = false;
        try
        {
            handle.DangerousAddRef(ref added);
            IntPtr file = handle.DangerousGetHandle();
            long data = LibC.Seek(file, offset, SeekData);
            if (data < 0)
            {
                return new StorageRange(length, IsHole: Marshal.GetLastWin32Error() == NoSuchAddress);
            }

            if (data > offset)
            {
                return new StorageRange(Math.Min(length, data - offset), IsHole: true);
            }

            long hole = LibC.Seek(file, offset, SeekHole);
            return new StorageRange(hole > offset ? Math.Min(length, hole - offset) : length, IsHole: false);
        }
        finally
        {
            if (added)
            {
                handle.DangerousRelease();
            }
        }
    }

    private static StorageRange WindowsRangeAt(SafeFileHandle handle, long offset, long length)
    {
        long* query = stackalloc long[2] { offset, length };
        long* range = stackalloc long[2];
        bool succeeded = Kernel32.DeviceIoControl(
            handle, Kernel32.FsctlQueryAllocatedRanges, query, 16, range, 16, out int returned, IntPtr.Zero);
        if (!succeeded && Marshal.GetLastWin32Error() != Kernel32.ErrorMoreData)
        {
            return new StorageRange(length, IsHole: false);
        }

        if (returned < 16)
        {
            return new StorageRange(length, IsHole: true);
        }

        long start = range[0];
        return start > offset
            ? new StorageRange(Math.Min(length, start - offset), IsHole: true)
            : new StorageRange(Math.Max(1, Math.Min(length, start + range[1] - offset)), IsHole: false);
    }
}
