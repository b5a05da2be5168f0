// Flushing by the host's own call: the runtime's (RandomAccess.FlushToDisk, FileStream.Flush) reports no error of fsync.
using System;
using System.ComponentModel;
using System.IO;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace QedTools.Storage.Native;

/// <summary>Makes the writes to a file survive a power cut.</summary>
internal sealed class FileFlush
{
    private readonly Func<int> _flush;
    private int _failure;

    /// <param name="handle">The file.</param>
    public FileFlush(SafeFileHandle handle)
        : this(() => Flush(handle))
    {
    }

    /// <param name="flush">Flushes, and returns 0 or the host's error number.</param>
    public FileFlush(Func<int> flush) => _flush = flush;

    /// <summary>Whether this can flush files here; otherwise the runtime does.</summary>
    public static bool IsSupported => !Platform.IsWindows;

    /// <summary>Returns when everything written before is on the disk.</summary>
    /// <exception cref="IOException">It could not be written, now or once before: after a failure Linux takes the data for written, although it is lost.</exception>
    public void Run()
    {
        int error = _failure;
        if (error == 0)
        {
            do
            {
                error = _flush();
            }
            while (error == LibC.Interrupted);
        }

        // Some special files cannot be flushed and need not be.
        if (error != 0 && !LibC.IsUnsupported(error))
        {
            _failure = error;
            throw new IOException(new Win32Exception(error).Message, error);
        }
    }

    private static int Flush(SafeFileHandle handle)
    {
        bool added = false;
        try
        {
            handle.DangerousAddRef(ref added);
            return Flush(handle.DangerousGetHandle());
        }
        finally
        {
            if (added)
            {
                handle.DangerousRelease();
            }
        }
    }

    /// <summary>Flushes a file or a folder once.</summary>
    /// <param name="file">Its descriptor.</param>
    /// <returns>0, or the host's error number.</returns>
    /// <remarks>On macOS fsync leaves the data in the drive's cache; not every file system there offers more.</remarks>
    public static unsafe int Flush(IntPtr file)
    {
        if (Platform.IsMac && LibC.Fcntl(file, LibC.MacFullFsync, null) == 0)
        {
            return 0;
        }

        return LibC.Fsync(checked((int)file)) == 0 ? 0 : Marshal.GetLastWin32Error();
    }
}
