// Blocks of a file system that two files have in common.
using System;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace QedTools.Storage.Native;

/// <summary>Shares blocks between files with FICLONERANGE on Linux (XFS, btrfs and others). Other hosts do not do it.</summary>
internal static unsafe class BlockSharing
{
    // _IOW(0x94, 13, struct file_clone_range). Where Linux has another number for it, as on POWER, the call is refused and the data is copied.
    private const uint CloneRange = 0x4020940D;

    private const uint XfsMagic = 0x58465342;
    private const uint BtrfsMagic = 0x9123683E;
    private const uint BcacheFsMagic = 0xCA451A4E;
    private const uint Ocfs2Magic = 0x7461636F;

    private const int DefaultUnit = 4096;
    private const int MaxUnit = 64 << 10;

    /// <summary>The unit of a file, in bytes: the block size that the host reports, unless that is only the best size for reading.</summary>
    /// <param name="blockSize">The block size that the host reports, in bytes; null if it reports none.</param>
    public static int UnitOf(int? blockSize) =>
        blockSize is { } size and >= DefaultUnit and <= MaxUnit && (size & (size - 1)) == 0 ? size : DefaultUnit;

    /// <summary>Whether a folder is on a file system of a kind whose files can share blocks. Not each file system of such a kind does it.</summary>
    /// <param name="folder">The folder.</param>
    public static bool MayBeIn(string folder)
    {
        // struct statfs begins with the kind; .NET's DriveFormat reports the wrong one where the path has a space.
        uint* status = stackalloc uint[64];
        fixed (byte* path = Encoding.UTF8.GetBytes(folder + '\0'))
        {
            return Platform.IsLinux && LibC.FileSystemStatus(path, status) == 0 && *status is XfsMagic or BtrfsMagic or BcacheFsMagic or Ocfs2Magic;
        }
    }

    /// <summary>Whether the host can share blocks of one file with another. Changes nothing.</summary>
    /// <param name="source">The file to share from.</param>
    /// <param name="sourceLength">Its length, in bytes.</param>
    /// <param name="target">The other file, open for writing.</param>
    /// <param name="path">Its name, for errors.</param>
    public static bool IsPossible(SafeFileHandle source, long sourceLength, SafeFileHandle target, string path)
    {
        try
        {
            // A length of 0 means up to the end of the source, which leaves nothing to do. If the source has grown since, the odd target is refused.
            return TryShare(source, sourceLength, target, offset: 1, length: 0, path);
        }
        catch (Exception e) when (StorageErrors.IsHostError(e))
        {
            return false;
        }
    }

    /// <summary>Makes a range of a file share the blocks of a range of another one.</summary>
    /// <param name="source">The file to share from.</param>
    /// <param name="sourceOffset">Where the range is there, in bytes.</param>
    /// <param name="target">The other file, open for writing.</param>
    /// <param name="offset">Where it goes, in bytes.</param>
    /// <param name="length">Its length, in bytes.</param>
    /// <param name="path">The other file's name, for errors.</param>
    /// <returns>False if the host cannot do it or refused.</returns>
    /// <exception cref="System.IO.IOException">There is not enough space, or the file would be too long.</exception>
    public static bool TryShare(SafeFileHandle source, long sourceOffset, SafeFileHandle target, long offset, long length, string path)
    {
        if (!Platform.IsLinux)
        {
            return false;
        }

        bool hasSource = false;
        bool hasTarget = false;
        try
        {
            source.DangerousAddRef(ref hasSource);
            target.DangerousAddRef(ref hasTarget);
            FileRange range = new((long)source.DangerousGetHandle(), (ulong)sourceOffset, (ulong)length, (ulong)offset);
            int error;
            do
            {
                error = LibC.IoControl(target.DangerousGetHandle(), CloneRange, (int*)&range) == 0 ? 0 : Marshal.GetLastWin32Error();
            }
            while (error == LibC.Interrupted);

            return error == 0 || (LibC.IsOutOfSpace(error) ? throw LibC.ErrorOf(error, path) : false);
        }
        finally
        {
            if (hasSource)
            {
                source.DangerousRelease();
            }

            if (hasTarget)
            {
                target.DangerousRelease();
            }
        }
    }

    // struct file_clone_range, the same on every CPU.
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct FileRange(long source, ulong sourceOffset, ulong length, ulong offset)
    {
        public readonly long Source = source;
        public readonly ulong SourceOffset = sourceOffset;
        public readonly ulong Length = length;
        public readonly ulong Offset = offset;
    }
}
