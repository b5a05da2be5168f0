using System;

namespace QedTools.Sessions;

/// <summary>
/// What to do about an error, in terms of PowerShell: each of the engine's remedies has a sentence here that names the cmdlet or the
/// parameter to use. The advice must be possible for the file that the error is about.
/// </summary>
internal static class Advice
{
    /// <summary>The advice for an error; null if its message is enough.</summary>
    /// <param name="error">The error.</param>
    /// <param name="path">The item that the cmdlet was working on.</param>
    /// <param name="canUse">Whether a parameter of this name could be added to the command.</param>
    public static string? For(QedException error, string path, Func<string, bool> canUse)
    {
        bool isTop = error.Path == path;
        return error switch
        {
            QedBackingFileNotFoundException { NamedBy: not null } missing when isTop && canUse("SourceBackingFile") => PutBack(
                missing, "for this command with -SourceBackingFile, or for good "),
            QedCorruptException or QedDamagedFileException when canUse("Salvage") => Both("-Salvage converts what can still be read, and lists what is lost.", ForRemedy(error)),
            _ => ForRemedy(error),
        };
    }

    private static string Both(string first, string? second) => second is null ? first : $"{first} {second}";

    private static string? ForRemedy(QedException error) => error.Remedy switch
    {
        QedRemedy.NameFormat => NameFormat((QedNotAnImageException)error),
        QedRemedy.NameBackingFile => NameBackingFile((QedBackingFileException)error),
        var remedy => For(remedy),
    };

    /// <summary>The advice for what helps; null if there is none, or if it depends on an error.</summary>
    public static string? For(QedRemedy remedy) => remedy switch
    {
        QedRemedy.None => null,
        QedRemedy.ReplaceFile => "Choose another name, or use -Force to replace it.",
        QedRemedy.ShareFile => "Close the stream, program or virtual machine that has it open, or use -ForceShare to read it anyway.",
        QedRemedy.ExpandPattern => "Specify a single file, or pipe the files in from Get-ChildItem.",
        QedRemedy.RepairImage => "Test-QedImage lists all damage; Repair-QedImage repairs it.",
        QedRemedy.RestoreBackup => "Use Repair-QedImage -RestoreFrom to do so.",
        QedRemedy.LeaveOutBackup => "Give the image a shorter name, or use -NoBackup.",
        QedRemedy.ConvertDisk => "Convert it to a QED image with Convert-QedImage, or specify another file.",
        QedRemedy.AllowOtherContents => "If it really is a raw disk, use -Force.",
        QedRemedy.GiveSize => "Specify -SizeBytes or -BackingFile.",
        QedRemedy.EnlargeDisk => "Use -SizeBytes to give the new disk that size.",
        QedRemedy.GiveFormat => "Specify the format with -Format.",
        QedRemedy.CompressDisk => "To compress it, use -Compress; otherwise leave out -CompressionType.",
        QedRemedy.AllowShrinking => "Use -Shrink to allow that.",
        QedRemedy.ShrinkPartitions => "Shrink the file systems and partitions first, in the virtual machine, or use -Force if it is no longer needed.",
        QedRemedy.RemoveBackingFile => "To remove it, use Set-QedBackingFile -Remove.",
        QedRemedy.AllowNetworkShares => "Use -AllowUnc if you trust that server.",
        QedRemedy.IgnoreFreeSpace => "This figure counts stored zeroes as data. To find out how much is needed without them, use Measure-QedImage -ScanZeroes; to convert anyway, use -Force.",
        QedRemedy.WriteIntoExisting => "Leave out -TargetIsZero, or use -IntoExisting.",
        QedRemedy.OverwriteExisting => "Make sure that it is the right one, and use -Force to overwrite it.",
        QedRemedy.AllowFolder => "If you trust the image that names it, add the folder to -BackingFolder.",
        QedRemedy.ReleaseOverlays => "Give what lies over it another backing file first (QED images with Set-QedBackingFile -PreserveContent, qcow2 images with qemu-img rebase), or use -Force if they are no longer needed.",
        _ => null,
    };

    private static string NameFormat(QedNotAnImageException error) =>
        $"Or read it in its actual format with -{error.FormatOption} {error.FoundFormat}.";

    private static string NameBackingFile(QedBackingFileException error) => error switch
    {
        { NamedBy: null } => "Specify a file instead.",
        QedBackingFileNotFoundException missing => PutBack(missing, string.Empty),
        QedBackingChainException => $"Set another backing file {Means(error.NamedBy)}.",
        _ => $"Set a file as the backing file instead, {Means(error.NamedBy)}.",
    };

    private static string PutBack(QedBackingFileNotFoundException error, string where) =>
        $"Put it back, or set its new location {where}{Means(error.NamedBy)}.";

    // Only QED images are changed here; in the other formats, another program has to write the name.
    private static string Means(QedDiskFormat? namedBy) => namedBy switch
    {
        QedDiskFormat.Qcow2 => "with qemu-img rebase -u",
        QedDiskFormat.Vmdk => "in the text of the VMDK descriptor (parentFileNameHint)",
        QedDiskFormat.Vdi => "with VBoxManage internalcommands sethdparentuuid",
        QedDiskFormat.Vhd or QedDiskFormat.Vhdx => "with Set-VHD -ParentPath of Hyper-V",
        _ => "with Set-QedBackingFile",
    };
}
