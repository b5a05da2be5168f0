namespace QedTools;

/// <summary>What would resolve an error, where the calling program can do something that the message cannot express in that program's terms.</summary>
public enum QedRemedy
{
    /// <summary>The message says all there is to say.</summary>
    None,

    /// <summary>Name another file, or allow the existing one to be replaced.</summary>
    ReplaceFile,

    /// <summary>Close the program or stream that has the file open for writing, or read it although it may change.</summary>
    ShareFile,

    /// <summary>Name one file: patterns are not expanded.</summary>
    ExpandPattern,

    /// <summary>Check the image to find all its damage, and repair it.</summary>
    RepairImage,

    /// <summary>Restore the image to its state before the repair, from the backup of that repair.</summary>
    RestoreBackup,

    /// <summary>Give the image a shorter name, or repair it without a backup.</summary>
    LeaveOutBackup,

    /// <summary>Convert the disk to a QED image.</summary>
    ConvertDisk,

    /// <summary>Name the file's format: <see cref="QedNotAnImageException.FormatOption"/>.</summary>
    NameFormat,

    /// <summary>Give the file the extension of its format, or allow writing to it as a raw disk.</summary>
    AllowOtherContents,

    /// <summary>Give the disk a size, or a backing file whose size it takes.</summary>
    GiveSize,

    /// <summary>Make the new disk as large as that of its backing file.</summary>
    EnlargeDisk,

    /// <summary>Name the format of the new file.</summary>
    GiveFormat,

    /// <summary>Say that the disk is to be compressed.</summary>
    CompressDisk,

    /// <summary>Allow the data beyond the new end of the disk to be lost.</summary>
    AllowShrinking,

    /// <summary>Make the partitions end before the new end of the disk first, or allow them to lose data.</summary>
    ShrinkPartitions,

    /// <summary>
    /// Make the image name another backing file, with the tools for its format (<see cref="QedBackingFileException.NamedBy"/>), or put the
    /// file back.
    /// </summary>
    NameBackingFile,

    /// <summary>Remove the backing file's name first.</summary>
    RemoveBackingFile,

    /// <summary>Allow names that lead to other network shares.</summary>
    AllowNetworkShares,

    /// <summary>Try it although the free space may not be enough.</summary>
    IgnoreFreeSpace,

    /// <summary>Say that the disk is to be written into the file that is there.</summary>
    WriteIntoExisting,

    /// <summary>Allow what is there to be overwritten, after making sure that it is the right file or device.</summary>
    OverwriteExisting,

    /// <summary>Allow the folder that the file is in, if the image that names it is trusted.</summary>
    AllowFolder,

    /// <summary>Give the overlays another backing file first, or accept that they read wrong data afterwards.</summary>
    ReleaseOverlays,
}
