// The calls into Windows that .NET does not expose.
using System;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace QedTools.Storage.Native;

/// <summary>Signatures and constants of kernel32. Guard every use with a platform check: see <see cref="Platform"/>.</summary>
internal static unsafe class Kernel32
{
    public const uint FsctlSetSparse = 0x000900C4;
    public const uint FsctlQueryAllocatedRanges = 0x000940CF;
    public const int ErrorMoreData = 234;
    public const uint FileTypeDisk = 1;
    public const uint AddFile = 0x2;
    public const uint ReadAttributes = 0x80;
    public const uint ShareAll = 0x7;
    public const uint OpenExisting = 3;
    public const uint BackupSemantics = 0x02000000;
    public const int ErrorAccessDenied = 5;
    public const int ErrorWriteProtect = 19;

    [DllImport("kernel32", EntryPoint = "CreateFileW", CharSet = CharSet.Unicode, SetLastError = true, ExactSpelling = true)]
    public static extern SafeFileHandle CreateFile(
        string name, uint access, uint share, IntPtr security, uint disposition, uint flags, IntPtr template);

    [DllImport("kernel32", SetLastError = true, ExactSpelling = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    public static extern bool DeviceIoControl(
        SafeFileHandle file, uint code, void* input, int inputSize, void* output, int outputSize, out int returned, IntPtr overlapped);

    [DllImport("kernel32", SetLastError = true, ExactSpelling = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    public static extern bool GetFileInformationByHandle(SafeFileHandle file, byte* information);

    [DllImport("kernel32", SetLastError = true, ExactSpelling = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    public static extern bool GetFileInformationByHandleEx(SafeFileHandle file, int kind, byte* information, int size);

    [DllImport("kernel32", EntryPoint = "GetDiskFreeSpaceExW", CharSet = CharSet.Unicode, SetLastError = true, ExactSpelling = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    public static extern bool GetDiskFreeSpaceEx(string folder, out ulong available, out ulong total, out ulong free);

    [DllImport("kernel32", EntryPoint = "GetFinalPathNameByHandleW", SetLastError = true, ExactSpelling = true)]
    public static extern uint GetFinalPathNameByHandle(SafeFileHandle file, char* path, uint length, uint flags);

    [DllImport("kernel32", SetLastError = true, ExactSpelling = true)]
    public static extern uint GetFileType(SafeFileHandle file);
}
