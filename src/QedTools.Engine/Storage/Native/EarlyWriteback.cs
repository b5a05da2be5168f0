// Asks the host to begin writing a file to the disk.
using System;
using Microsoft.Win32.SafeHandles;

namespace QedTools.Storage.Native;

/// <summary>Starts writeback with sync_file_range where that call exists; elsewhere the host decides when to begin.</summary>
internal static class EarlyWriteback
{
    private const uint Write = 2; // SYNC_FILE_RANGE_WRITE: start, and wait for nothing

    /// <summary>Starts it for all of the file that is not on the disk yet.</summary>
    public static void Begin(SafeFileHandle handle)
    {
        if (!Platform.IsLinux)
        {
            return;
        }

        bool added = false;
        try
        {
            handle.DangerousAddRef(ref added);
            _ = LibC.SyncFileRange(handle.DangerousGetHandle(), 0, 0, Write);
        }
        catch (EntryPointNotFoundException)
        {
            // The C library lacks the call.
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
