using System;

namespace QedTools.Partitions.FileSystems;

/// <summary>The one table of file systems that are recognized. The first one that fits is what a partition holds.</summary>
internal static class FileSystemTable
{
    // Containers come before what may be left of the file system that was there before them; then what has the strictest signature.
    private static readonly Func<PartitionReader, FileSystemFacts?>[] All =
    [
        Luks.Recognize,
        Lvm2.Recognize,
        Xfs.Recognize,
        Btrfs.Recognize,
        Ext.Recognize,
        LinuxSwap.Recognize,
        Ntfs.Recognize,
        ExFat.Recognize,
        ReFs.Recognize,
        Fat.Recognize,
        Iso9660.Recognize,
    ];

    /// <summary>The file system of a partition; null if it has none that is known.</summary>
    /// <param name="reader">Reads the partition.</param>
    /// <exception cref="QedException">It could not be read.</exception>
    public static FileSystemFacts? Recognize(PartitionReader reader)
    {
        foreach (Func<PartitionReader, FileSystemFacts?> recognize in All)
        {
            if (recognize(reader) is { } facts)
            {
                return facts;
            }
        }

        return null;
    }

    /// <summary>Whether a disk begins with the boot sector of a Windows file system, which ends with the same signature as a partition table.</summary>
    /// <param name="reader">Reads the disk.</param>
    /// <exception cref="QedException">It could not be read.</exception>
    public static bool IsBootSector(PartitionReader reader) =>
        (Ntfs.Recognize(reader) ?? ExFat.Recognize(reader) ?? Fat.Recognize(reader)) is not null;
}
