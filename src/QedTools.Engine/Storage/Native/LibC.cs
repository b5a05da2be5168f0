// The calls into the C library of Linux and macOS that .NET does not expose.
using System;
using System.ComponentModel;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;

namespace QedTools.Storage.Native;

/// <summary>Signatures and constants of the C library. Guard every use with a platform check: see <see cref="Platform"/>.</summary>
internal static unsafe class LibC
{
    public const int AtEmptyPath = 0x1000;
    public const int AtFdCwd = -100;
    public const uint StatxBasicStats = 0x7ff;
    public const int OpenReadOnly = 0;
    public const int AccessExists = 0;
    public const int AccessWriteAndSearch = 2 | 1;
    public const int AccessDenied = 13;
    public const int ReadOnlyFileSystem = 30;
    public const int MacFullFsync = 51;
    public const int Exists = 17;
    public const int Interrupted = 4;
    public const int RangeTooSmall = 34;
    public const int HangUp = 1;
    public const uint RenameNoReplace = 1;
    public const uint MacRenameExclusive = 4;
    public const uint MacCopyAccessListAndAttributes = 1 | 4; // COPYFILE_ACL, COPYFILE_XATTR
    public const uint Unchanged = uint.MaxValue;

    private const int NoEntry = 2;
    private const int NotPermitted = 1;
    private const int Invalid = 22;

    /// <summary>Whether an error number means that the host or the file system does not support the call.</summary>
    public static bool IsUnsupported(int error) => error == Invalid || (Platform.IsMac
        ? error is 45 or 78 or 102
        : error is 38 or 95);

    /// <summary>Whether an error number means that the disk is full, a quota is used up, or a file would be too long.</summary>
    public static bool IsOutOfSpace(int error) => error is 28 or 27 || error == (Platform.IsMac ? 69 : 122);

    /// <summary>Whether an error number means that the file system has no locks.</summary>
    public static bool IsWithoutLocks(int error) => IsUnsupported(error) || error == (Platform.IsMac ? 77 : 37);

    /// <summary>Whether an error number means that a file has no attribute of that name.</summary>
    public static bool IsMissingAttribute(int error) => error == 61;

    /// <summary>Whether an error number means that a name is longer than the host or the file system allows.</summary>
    public static bool IsNameTooLong(int error) => error == (Platform.IsMac ? 63 : 36);

    /// <summary>What .NET would throw for an error number.</summary>
    public static Exception ErrorOf(int error, string path)
    {
        string message = $"{new Win32Exception(error).Message} : '{path}'";
        return error switch
        {
            NoEntry => new FileNotFoundException(message, path),
            AccessDenied or NotPermitted => new UnauthorizedAccessException(message),
            _ when IsNameTooLong(error) => new PathTooLongException(message),
            _ => new IOException(message, error),
        };
    }

    /// <summary>Whether this process ignores a signal.</summary>
    public static bool IsIgnored(int signal)
    {
        const int Ignore = 1;
        IntPtr* action = stackalloc IntPtr[32]; // struct sigaction, which begins with the handler
        return SignalAction(signal, null, action) == 0 && action[0] == (IntPtr)Ignore;
    }

    /// <summary>Makes the process ignore a signal that would end it, unless there is a handler.</summary>
    public static void IgnoreUnlessHandled(int signal)
    {
        const int Ignore = 1;
        IntPtr* action = stackalloc IntPtr[32];
        if (SignalAction(signal, null, action) == 0 && action[0] == IntPtr.Zero)
        {
            _ = Signal(signal, (IntPtr)Ignore);
        }
    }

    /// <summary>Creates a new file that only its owner may read and write, from the first moment.</summary>
    /// <exception cref="IOException">It already exists, or could not be created.</exception>
    /// <exception cref="UnauthorizedAccessException">This user does not have permission.</exception>
    public static void CreatePrivate(string path)
    {
        const int OwnerMayReadAndWrite = 0x180;
        int flags = Platform.IsMac ? 0x2 | 0x200 | 0x800 | 0x1000000 : 0x2 | 0x40 | 0x80 | 0x80000; // O_RDWR, O_CREAT, O_EXCL, O_CLOEXEC
        int file;
        fixed (byte* name = Encoding.UTF8.GetBytes(path + '\0'))
        {
            file = Platform.IsMac && RuntimeInformation.ProcessArchitecture == Architecture.Arm64
                ? CreateOnStack(name, (IntPtr)flags, default, default, default, default, default, default, (IntPtr)OwnerMayReadAndWrite)
                : Create(name, flags, OwnerMayReadAndWrite);
        }

        if (file < 0)
        {
            throw ErrorOf(Marshal.GetLastWin32Error(), path);
        }

        _ = Close(file);
    }

    [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
    public static extern int Statx(int directory, byte* path, int flags, uint mask, byte* result);

    [DllImport("libc", EntryPoint = "stat", SetLastError = true)]
    public static extern int StatMac(byte* path, byte* result);

    [DllImport("libc", EntryPoint = "stat$INODE64", SetLastError = true)]
    public static extern int StatMacX64(byte* path, byte* result);

    [DllImport("libc", EntryPoint = "fstat", SetLastError = true)]
    public static extern int StatFileMac(int file, byte* result);

    [DllImport("libc", EntryPoint = "fstat$INODE64", SetLastError = true)]
    public static extern int StatFileMacX64(int file, byte* result);

    /// <summary>The path without symbolic links; <paramref name="resolved"/> must hold 4,096 bytes.</summary>
    [DllImport("libc", EntryPoint = "realpath", SetLastError = true)]
    public static extern byte* RealPath(byte* path, byte* resolved);

    [DllImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    public static extern int Allocate(IntPtr file, int mode, long offset, long length);

    [DllImport("libc", EntryPoint = "lseek", SetLastError = true)]
    public static extern long Seek(IntPtr file, long offset, int whence);

    [DllImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    public static extern int Fcntl(IntPtr file, int command, byte* argument);

    /// <summary>fcntl with 64-bit offsets in a 32-bit process.</summary>
    [DllImport("libc", EntryPoint = "fcntl64", SetLastError = true)]
    public static extern int Fcntl64(IntPtr file, int command, byte* argument);

    /// <summary>fcntl as Apple's ARM64 calling convention requires it: a variadic argument goes on the stack, after eight registers.</summary>
    [DllImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    public static extern int FcntlOnStack(
        IntPtr file, IntPtr command, IntPtr r2, IntPtr r3, IntPtr r4, IntPtr r5, IntPtr r6, IntPtr r7, byte* argument);

    [DllImport("libc", EntryPoint = "flock", SetLastError = true)]
    public static extern int FLock(IntPtr file, int operation);

    [DllImport("libc", EntryPoint = "chmod", SetLastError = true)]
    public static extern int ChangeMode(byte* path, uint mode);

    [DllImport("libc", EntryPoint = "chown", SetLastError = true)]
    public static extern int ChangeOwner(byte* path, uint user, uint group);

    [DllImport("libc", EntryPoint = "access", SetLastError = true)]
    public static extern int Access(byte* path, int mode);

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    public static extern int Open(byte* path, int flags);

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    private static extern int Create(byte* path, int flags, int mode);

    /// <summary>open as Apple's ARM64 calling convention requires it (see <see cref="FcntlOnStack"/>).</summary>
    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    private static extern int CreateOnStack(
        byte* path, IntPtr flags, IntPtr r2, IntPtr r3, IntPtr r4, IntPtr r5, IntPtr r6, IntPtr r7, IntPtr mode);

    [DllImport("libc", EntryPoint = "rename", SetLastError = true)]
    public static extern int Rename(byte* from, byte* to);

    [DllImport("libc", EntryPoint = "renameat2", SetLastError = true)]
    public static extern int RenameAt2(int fromFolder, byte* from, int toFolder, byte* to, uint flags);

    [DllImport("libc", EntryPoint = "renamex_np", SetLastError = true)]
    public static extern int RenameMac(byte* from, byte* to, uint flags);

    [DllImport("libc", EntryPoint = "link", SetLastError = true)]
    public static extern int Link(byte* from, byte* to);

    [DllImport("libc", EntryPoint = "unlink", SetLastError = true)]
    public static extern int Unlink(byte* path);

    [DllImport("libc", EntryPoint = "listxattr", SetLastError = true)]
    public static extern nint ListAttributes(byte* path, byte* names, nint size);

    [DllImport("libc", EntryPoint = "getxattr", SetLastError = true)]
    public static extern nint GetAttribute(byte* path, byte* name, byte* value, nint size);

    [DllImport("libc", EntryPoint = "setxattr", SetLastError = true)]
    public static extern int SetAttribute(byte* path, byte* name, byte* value, nint size, int flags);

    [DllImport("libc", EntryPoint = "removexattr", SetLastError = true)]
    public static extern int RemoveAttribute(byte* path, byte* name);

    [DllImport("libc", EntryPoint = "copyfile", SetLastError = true)]
    public static extern int CopyFileMac(byte* from, byte* to, IntPtr state, uint flags);

    [DllImport("libc", EntryPoint = "sigaction", SetLastError = true)]
    private static extern int SignalAction(int signal, IntPtr* action, IntPtr* previous);

    [DllImport("libc", EntryPoint = "signal", SetLastError = true)]
    private static extern IntPtr Signal(int signal, IntPtr handler);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    public static extern int Fsync(int file);

    [DllImport("libc", EntryPoint = "sync_file_range", SetLastError = true)]
    public static extern int SyncFileRange(IntPtr file, long offset, long length, uint flags);

    [DllImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static extern int IoControl(IntPtr file, nuint request, int* argument);

    /// <summary>The status of the file system that holds a path; <paramref name="result"/> must hold 256 bytes.</summary>
    [DllImport("libc", EntryPoint = "statfs", SetLastError = true)]
    public static extern int FileSystemStatus(byte* path, uint* result);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    public static extern int Close(int file);
}
