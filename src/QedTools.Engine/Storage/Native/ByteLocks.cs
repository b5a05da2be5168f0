// QEMU's image locks: open-file-description byte locks, so that a running virtual machine and QedTools keep each other out.
using System;
using System.Runtime.InteropServices;
using System.Threading;
using Microsoft.Win32.SafeHandles;

namespace QedTools.Storage.Native;

/// <summary>The result of an attempt to lock a file.</summary>
internal enum LockOutcome
{
    /// <summary>It is locked.</summary>
    Acquired,

    /// <summary>Another lock conflicts with this one.</summary>
    InUse,

    /// <summary>The file system has no locks.</summary>
    Unsupported,
}

/// <summary>
/// Byte 100+p is locked by a process that holds permission p, byte 200+p by one that does not share it: QEMU's scheme, from its
/// image locking documentation. All locks are shared ones; a conflict is found by probing for an exclusive one.
/// </summary>
/// <remarks>The kernel drops the locks with the last handle on the open file, however the process ends.</remarks>
internal static unsafe class ByteLocks
{
    private const int ConsistentRead = 0;
    private const int Write = 1;
    private const int Resize = 3;
    private const int HeldBase = 100;
    private const int UnsharedBase = 200;

    // The values on Linux; LockType maps them to those of macOS.
    private const int SharedLock = 0;
    private const int ExclusiveLock = 1;
    private const int NoLock = 2;

    private static readonly int[] ReaderHolds = [ConsistentRead];
    private static readonly int[] WriterHolds = [ConsistentRead, Write, Resize];
    private static readonly int[] DeniedToOthers = [Write, Resize];

    /// <summary>Makes file systems appear to have no locks in this flow of execution; for tests.</summary>
    public static readonly AsyncLocal<bool> AreMissing = new();

    /// <summary>Takes the locks of a reader that needs the contents not to change, or of a writer.</summary>
    /// <remarks>A file system without such locks lets everybody in, as QEMU does there.</remarks>
    public static LockOutcome Acquire(SafeFileHandle handle, bool forWriting)
    {
        int[] holds = forWriting ? WriterHolds : ReaderHolds;
        foreach (int permission in holds)
        {
            if (Take(handle, HeldBase + permission) is var outcome && outcome != LockOutcome.Acquired)
            {
                return outcome;
            }
        }

        foreach (int permission in DeniedToOthers)
        {
            if (Take(handle, UnsharedBase + permission) is var outcome && outcome != LockOutcome.Acquired)
            {
                return outcome;
            }
        }

        if (!IsExcluded(handle, holds))
        {
            return LockOutcome.Acquired;
        }

        Release(handle);
        return LockOutcome.InUse;
    }

    /// <summary>Releases all locks of an open file.</summary>
    /// <remarks>
    /// Closing it is not enough: a child process that another thread is just starting holds the same open file until it executes
    /// its own program.
    /// </remarks>
    public static void Release(SafeFileHandle handle) =>
        Call(handle, set: true, NoLock, HeldBase, UnsharedBase + Resize - HeldBase + 1, out _);

    /// <summary>Releases the lock that .NET takes on every file it opens; on macOS, before any other lock is taken.</summary>
    /// <remarks>
    /// It is a lock of flock, on the whole file. Linux keeps those separate; macOS has one list for all kinds of locks, in which it blocks
    /// every probe and absorbs the byte locks of the same open file.
    /// </remarks>
    public static void ReleaseRuntimeLock(SafeFileHandle handle)
    {
        const int Unlock = 8; // LOCK_UN
        bool added = false;
        try
        {
            handle.DangerousAddRef(ref added);
            _ = LibC.FLock(handle.DangerousGetHandle(), Unlock);
        }
        finally
        {
            if (added)
            {
                handle.DangerousRelease();
            }
        }
    }

    /// <summary>Whether a writer would be refused now. Takes no lock.</summary>
    public static bool ExcludeWriter(SafeFileHandle handle) => IsExcluded(handle, WriterHolds);

    // Releases what was taken before unless it succeeds. Any error other than "no locks here" means an exclusive lock of another process.
    private static LockOutcome Take(SafeFileHandle handle, int position)
    {
        if (!AreMissing.Value && Call(handle, set: true, SharedLock, position, 1, out _))
        {
            return LockOutcome.Acquired;
        }

        bool isWithoutLocks = AreMissing.Value || LibC.IsWithoutLocks(Marshal.GetLastWin32Error());
        Release(handle);
        return isWithoutLocks ? LockOutcome.Unsupported : LockOutcome.InUse;
    }

    private static bool IsExcluded(SafeFileHandle handle, int[] holds)
    {
        foreach (int permission in holds)
        {
            if (IsLockedElsewhere(handle, UnsharedBase + permission))
            {
                return true;
            }
        }

        foreach (int permission in DeniedToOthers)
        {
            if (IsLockedElsewhere(handle, HeldBase + permission))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsLockedElsewhere(SafeFileHandle handle, int position) =>
        Call(handle, set: false, ExclusiveLock, position, 1, out int found) && found != LockType(NoLock);

    private static bool Call(SafeFileHandle handle, bool set, int type, int position, int length, out int found)
    {
        byte* structure = stackalloc byte[32];
        new Span<byte>(structure, 32).Clear();
        bool added = false;
        try
        {
            handle.DangerousAddRef(ref added);
            IntPtr file = handle.DangerousGetHandle();
            int outcome;
            if (Platform.IsMac)
            {
                // struct flock: start at 0, length at 8, pid at 16, type at 20, whence at 22.
                *(long*)structure = position;
                *(long*)(structure + 8) = length;
                *(short*)(structure + 20) = (short)LockType(type);
                int command = set ? 90 : 92;
                outcome = RuntimeInformation.ProcessArchitecture == Architecture.Arm64
                    ? LibC.FcntlOnStack(file, (IntPtr)command, default, default, default, default, default, default, structure)
                    : LibC.Fcntl(file, command, structure);
                found = *(short*)(structure + 20);
            }
            else
            {
                // struct flock: type at 0, whence at 2, start at 8, length at 16, pid at 24 (must be 0).
                *(short*)structure = (short)LockType(type);
                *(long*)(structure + 8) = position;
                *(long*)(structure + 16) = length;
                int command = set ? 37 : 36;
                outcome = IntPtr.Size == sizeof(long)
                    ? LibC.Fcntl(file, command, structure)
                    : LibC.Fcntl64(file, command, structure);
                found = *(short*)structure;
            }

            return outcome == 0;
        }
        finally
        {
            if (added)
            {
                handle.DangerousRelease();
            }
        }
    }

    // F_RDLCK, F_WRLCK, F_UNLCK: 0, 1, 2 on Linux; 1, 3, 2 on macOS.
    private static int LockType(int type) => !Platform.IsMac ? type : type switch
    {
        SharedLock => 1,
        ExclusiveLock => 3,
        _ => 2,
    };
}
