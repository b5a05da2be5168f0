namespace QedTools;

/// <summary>What would help against an error, where a program can do something about it that the message does not say in its own terms.</summary>
public enum QedRemedy
{
    /// <summary>The message says all there is to say.</summary>
    None,

    /// <summary>Name another file, or allow that the one that is there is replaced.</summary>
    ReplaceFile,

    /// <summary>Close what has the file open for writing, or read it although it changes.</summary>
    ShareFile,

    /// <summary>Name one file: patterns are not expanded.</summary>
    ExpandPattern,

    /// <summary>Check the image for all its damage, and repair it.</summary>
    RepairImage,

    /// <summary>Take the image back to what it was before its repair, with the backup of that repair.</summary>
    RestoreBackup,

    /// <summary>Give the image a shorter name, or repair it without a backup.</summary>
    LeaveOutBackup,

    /// <summary>Convert the disk to a QED image.</summary>
    ConvertDisk,

    /// <summary>Say which format the file is of: <see cref="QedNotAnImageException.FormatOption"/>.</summary>
    NameFormat,

    /// <summary>Give the file the extension of its format, or allow that it is written to as a raw disk.</summary>
    AllowOtherContents,

    /// <summary>Give the disk a size, or a backing file whose size it takes.</summary>
    GiveSize,

    /// <summary>Say which format the new file is to have.</summary>
    GiveFormat,

    /// <summary>Allow that what lies behind the new end of the disk is lost.</summary>
    AllowShrinking,

    /// <summary>Have the image name another backing file, by the means of its format (<see cref="QedBackingFileException.NamedBy"/>), or put the file back.</summary>
    NameBackingFile,

    /// <summary>Remove the backing file's name first.</summary>
    RemoveBackingFile,

    /// <summary>Allow names that lead to other network shares.</summary>
    AllowNetworkShares,

    /// <summary>Give the overlays another backing file first, or allow that they read wrong data afterwards.</summary>
    ReleaseOverlays,
}
