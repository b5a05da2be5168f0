// What the host knows about a file besides its contents: its kind, its identity, the space it takes.
using System;
using System.Buffers.Binary;
using System.Globalization;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace QedTools.Storage.Native;

/// <summary>A file's status as the host reports it.</summary>
/// <param name="Kind">What the path names, with its article, if it is not a regular file ("a folder"); null for a regular file.</param>
/// <param name="Identity">Equal for two paths exactly if they lead to the same file.</param>
/// <param name="AllocatedBytes">What the host has allocated for it, in bytes; null if the host does not report it.</param>
/// <param name="Permissions">Its permissions, as the low bits of st_mode; null on Windows.</param>
/// <param name="Owner">The user and the group that it belongs to; null on Windows.</param>
/// <param name="Modified">When it was last written to, in a host-specific unit; null if the host does not report it.</param>
/// <param name="Device">Equal for two files exactly if they are on the same file system; null if the host does not report it.</param>
/// <param name="BlockSize">The size of a block of its file system, or the best size for reading it, in bytes; null if the host does not report it.</param>
/// <param name="DeviceNumber">The number of a block device itself, as "major:minor" in decimal; null for anything else, and where the host does not report it.</param>
internal readonly record struct FileStatus(
    string? Kind, string Identity, long? AllocatedBytes, int? Permissions = null, (uint User, uint Group)? Owner = null, long? Modified = null,
    string? Device = null, string? DeviceNumber = null, int? BlockSize = null)
{
    /// <summary>The <see cref="Kind"/> of a block device, such as a whole disk or a partition.</summary>
    public const string BlockDevice = "a block device";

    private const int FileTypeMask = 0xF000;
    private const int RegularFile = 0x8000;
    private const int PermissionMask = 0xFFF;
    private const int AllocationUnit = 512;
    private const int MaxWindowsName = 255;

    /// <summary>Gets the status by path, without opening the file: opening a pipe would wait for its other end.</summary>
    /// <returns>The status; null if nothing exists there, or nothing that this user may see.</returns>
    public static FileStatus? OfPath(string path)
    {
        if (Platform.IsWindows && IsDevicePath(Path.GetFullPath(path)))
        {
            return new FileStatus("a device", path, null);
        }

        if (Directory.Exists(path))
        {
            return new FileStatus("a folder", path, null);
        }

        if (!Platform.IsWindows && TryStat(path, file: null) is { } status)
        {
            return status;
        }

        return File.Exists(path) ? new FileStatus(null, FullPathIdentity(path), null) : null;
    }

    /// <summary>Whether a path is a symbolic link whose target does not exist.</summary>
    public static bool IsLinkToNothing(string path)
    {
        try
        {
            return !Platform.IsWindows && TryStat(path, file: null) is null && (File.GetAttributes(path) & FileAttributes.ReparsePoint) != 0;
        }
        catch (Exception e) when (StorageErrors.IsHostError(e))
        {
            return false;
        }
    }

    /// <summary>Makes sure that a path is not longer than the host and the file system allow.</summary>
    /// <exception cref="PathTooLongException">It is, as a whole or in one of its names.</exception>
    public static unsafe void RequirePossible(string path)
    {
        if (Platform.IsWindows)
        {
            foreach (string name in Path.GetFullPath(path).Split(Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar))
            {
                if (name.Length > MaxWindowsName)
                {
                    throw new PathTooLongException();
                }
            }

            return;
        }

        fixed (byte* first = Encoding.UTF8.GetBytes(path + '\0'))
        {
            if (LibC.Access(first, LibC.AccessExists) != 0 && LibC.IsNameTooLong(Marshal.GetLastWin32Error()))
            {
                throw new PathTooLongException();
            }
        }
    }

    /// <summary>Gets the status by handle, whatever file has the name by now.</summary>
    public static FileStatus OfHandle(SafeFileHandle handle, string path)
    {
        if (Platform.IsWindows)
        {
            return OfWindowsHandle(handle, path);
        }

        bool added = false;
        try
        {
            handle.DangerousAddRef(ref added);
            return TryStat(string.Empty, (int)handle.DangerousGetHandle()) ?? new FileStatus(null, FullPathIdentity(path), null);
        }
        finally
        {
            if (added)
            {
                handle.DangerousRelease();
            }
        }
    }

    /// <summary>The file system that a folder is on, as <see cref="Device"/>.</summary>
    public static string? DeviceOf(string folder)
    {
        if (!Platform.IsWindows)
        {
            return TryStat(folder, file: null)?.Device;
        }

        // The extended form, as a folder's path may be too long without it.
        string name = folder.StartsWith(@"\\", StringComparison.Ordinal) ? folder : @"\\?\" + folder;
        using SafeFileHandle handle = Kernel32.CreateFile(
            name, Kernel32.ReadAttributes, Kernel32.ShareAll, default, Kernel32.OpenExisting, Kernel32.BackupSemantics, default);
        return handle.IsInvalid ? null : OfWindowsHandle(handle, folder).Device;
    }

    /// <summary>Whether Windows treats a full path as a device, as it does NUL or COM1 in every folder.</summary>
    public static bool IsDevicePath(string fullPath) => fullPath.StartsWith(@"\\.\", StringComparison.Ordinal);

    private static unsafe FileStatus OfWindowsHandle(SafeFileHandle handle, string path)
    {
        const int StandardInfo = 1;
        if (Kernel32.GetFileType(handle) != Kernel32.FileTypeDisk)
        {
            return new FileStatus("a device or a pipe", path, null);
        }

        byte* standard = stackalloc byte[24];
        long? allocated = Kernel32.GetFileInformationByHandleEx(handle, StandardInfo, standard, 24)
            ? BinaryPrimitives.ReadInt64LittleEndian(new ReadOnlySpan<byte>(standard, 8))
            : null;

        // BY_HANDLE_FILE_INFORMATION: the time of the last write at 20, the volume's serial number at 28, the file's index at 44 and 48.
        byte* basic = stackalloc byte[52];
        if (!Kernel32.GetFileInformationByHandle(handle, basic))
        {
            return new FileStatus(null, FullPathIdentity(path), allocated);
        }

        string device = Hex(Field(basic, 28));
        string identity = string.Format(CultureInfo.InvariantCulture, "{0}:{1:x}:{2:x}", device, Field(basic, 44), Field(basic, 48));
        return new FileStatus(null, identity, allocated, Modified: Field(basic, 20) | ((long)Field(basic, 24) << 32), Device: device);

        static uint Field(byte* structure, int at) =>
            BinaryPrimitives.ReadUInt32LittleEndian(new ReadOnlySpan<byte>(structure + at, 4));
    }

    private static string FullPathIdentity(string path) =>
        Platform.IsWindows ? Path.GetFullPath(path).ToUpperInvariant() : Path.GetFullPath(path);

    private static unsafe FileStatus? TryStat(string path, int? file)
    {
        byte* result = stackalloc byte[256];
        byte[] name = Encoding.UTF8.GetBytes(path + '\0');
        try
        {
            fixed (byte* first = name)
            {
                if (Platform.IsLinux)
                {
                    int flags = file is null ? 0 : LibC.AtEmptyPath;
                    return LibC.Statx(file ?? LibC.AtFdCwd, first, flags, LibC.StatxBasicStats, result) == 0 ? FromStatx(result) : null;
                }

                if (Platform.IsMac)
                {
                    bool isX64 = RuntimeInformation.ProcessArchitecture == Architecture.X64;
                    int outcome = (file, isX64) switch
                    {
                        (null, true) => LibC.StatMacX64(first, result),
                        (null, false) => LibC.StatMac(first, result),
                        ({ } open, true) => LibC.StatFileMacX64(open, result),
                        ({ } open, false) => LibC.StatFileMac(open, result),
                    };
                    return outcome == 0 ? FromStatMac(result) : null;
                }
            }
        }
        catch (EntryPointNotFoundException)
        {
            // The C library is older than statx: the portable answer has to do.
        }

        return null;
    }

    // struct statx: block size at 4, owner at 20 and 24, mode at 28, inode at 32, blocks at 48, last write at 112, the number of a device at 128 and 132, device major and minor at 136 and 140;
    // the same on every CPU.
    private static unsafe FileStatus FromStatx(byte* s) => new(
        KindOf(*(ushort*)(s + 28)),
        string.Format(CultureInfo.InvariantCulture, "{0}:{1:x}", DeviceOfStatx(s), *(ulong*)(s + 32)),
        checked(*(long*)(s + 48) * AllocationUnit),
        *(ushort*)(s + 28) & PermissionMask,
        (*(uint*)(s + 20), *(uint*)(s + 24)),
        Nanoseconds(*(long*)(s + 112), *(uint*)(s + 120)),
        DeviceOfStatx(s),
        KindOf(*(ushort*)(s + 28)) == BlockDevice
            ? string.Format(CultureInfo.InvariantCulture, "{0}:{1}", *(uint*)(s + 128), *(uint*)(s + 132))
            : null,
        (int)Math.Min(*(uint*)(s + 4), int.MaxValue));

    // macOS struct stat with 64-bit inodes: device at 0, mode at 4, inode at 8, owner at 16 and 20, last write at 48, blocks at 104.
    private static unsafe FileStatus FromStatMac(byte* s) => new(
        KindOf(*(ushort*)(s + 4)),
        string.Format(CultureInfo.InvariantCulture, "{0:x}:{1:x}", *(uint*)s, *(ulong*)(s + 8)),
        checked(*(long*)(s + 104) * AllocationUnit),
        *(ushort*)(s + 4) & PermissionMask,
        (*(uint*)(s + 16), *(uint*)(s + 20)),
        Nanoseconds(*(long*)(s + 48), *(long*)(s + 56)),
        Hex(*(uint*)s));

    private static unsafe string DeviceOfStatx(byte* s) => Hex(*(uint*)(s + 136)) + ":" + Hex(*(uint*)(s + 140));

    private static string Hex(uint number) => number.ToString("x", CultureInfo.InvariantCulture);

    private static long Nanoseconds(long seconds, long rest) => unchecked((seconds * 1_000_000_000) + rest);

    private static string? KindOf(int mode) => (mode & FileTypeMask) switch
    {
        RegularFile => null,
        0x4000 => "a folder",
        0x6000 => BlockDevice,
        0x2000 => "a device",
        0x1000 => "a pipe",
        0xC000 => "a socket",
        _ => "a special file",
    };
}
