// The calls into the C library of Linux and macOS that .NET has no name for.
using System;
using System.Runtime.InteropServices;

namespace QedTools.Storage.Native;

/// <summary>Signatures and constants of the C library. Guard every use with the platform: see <see cref="Platform"/>.</summary>
internal static unsafe class LibC
{
    public const int AtEmptyPath = 0x1000;
    public const int AtFdCwd = -100;
    public const uint StatxBasicStats = 0x7ff;
    public const int OpenReadOnly = 0;
    public const int AccessWriteAndSearch = 2 | 1;
    public const int AccessDenied = 13;
    public const int ReadOnlyFileSystem = 30;
    public const int MacFullFsync = 51;

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

    /// <summary>The path without symbolic links; <paramref name="resolved"/> has room for 4,096 bytes.</summary>
    [DllImport("libc", EntryPoint = "realpath", SetLastError = true)]
    public static extern byte* RealPath(byte* path, byte* resolved);

    [DllImport("libc", EntryPoint = "lseek", SetLastError = true)]
    public static extern long Seek(IntPtr file, long offset, int whence);

    [DllImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    public static extern int Fcntl(IntPtr file, int command, byte* argument);

    /// <summary>fcntl with offsets of 64 bits in a 32-bit process.</summary>
    [DllImport("libc", EntryPoint = "fcntl64", SetLastError = true)]
    public static extern int Fcntl64(IntPtr file, int command, byte* argument);

    /// <summary>fcntl as Apple's ARM64 calling convention wants it: a variadic argument goes on the stack, behind eight registers.</summary>
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

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    public static extern int Fsync(int file);

    [DllImport("libc", EntryPoint = "sync_file_range", SetLastError = true)]
    public static extern int SyncFileRange(IntPtr file, long offset, long length, uint flags);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    public static extern int Close(int file);
}
