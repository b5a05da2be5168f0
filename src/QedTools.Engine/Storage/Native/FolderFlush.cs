using System;
using System.Text;

namespace QedTools.Storage.Native;

/// <summary>Makes a file's new name survive a power cut.</summary>
internal static class FolderFlush
{
    /// <summary>Flushes a folder's entries to the disk where the host requires that; errors are ignored.</summary>
    public static unsafe void Flush(string? folder)
    {
        if (folder is null || Platform.IsWindows)
        {
            return;
        }

        byte[] name = Encoding.UTF8.GetBytes(folder + '\0');
        try
        {
            fixed (byte* first = name)
            {
                int file = LibC.Open(first, LibC.OpenReadOnly);
                if (file >= 0)
                {
                    _ = FileFlush.Flush((IntPtr)file);
                    _ = LibC.Close(file);
                }
            }
        }
        catch (EntryPointNotFoundException)
        {
            // A host without these calls does not need them.
        }
    }
}
