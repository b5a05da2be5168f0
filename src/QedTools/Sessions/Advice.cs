namespace QedTools.Sessions;

/// <summary>
/// What to do about an error, in the words of PowerShell: each remedy that the engine knows has its sentence here, with the cmdlet or the
/// parameter that brings it about. What an error advises must be possible with the file that it is about.
/// </summary>
internal static class Advice
{
    /// <summary>The advice for an error; null where its message says it all.</summary>
    public static string? For(QedException error) => error.Remedy switch
    {
        QedRemedy.None => null,
        QedRemedy.ReplaceFile => "Choose another name, or use -Force to replace it.",
        QedRemedy.ShareFile => "Close that stream, program or virtual machine, or use -ForceShare to read it all the same.",
        QedRemedy.ExpandPattern => "Name the file, or get the files with Get-ChildItem and pipe them in.",
        QedRemedy.RepairImage => "Test-QedImage lists all damage, Repair-QedImage repairs it.",
        QedRemedy.RestoreBackup => "Use Repair-QedImage -RestoreFrom.",
        QedRemedy.LeaveOutBackup => "Give the image a shorter name, or use -NoBackup.",
        QedRemedy.ConvertDisk => "Make a QED image of it with Convert-QedImage, or name another file.",
        QedRemedy.NameFormat => NameFormat((QedNotAnImageException)error),
        QedRemedy.AllowOtherContents => "If it is raw, use -Force.",
        QedRemedy.GiveSize => "Give -SizeBytes or -BackingFile.",
        QedRemedy.GiveFormat => "Give one with -Format.",
        QedRemedy.AllowShrinking => "-Shrink says that it may.",
        QedRemedy.NameBackingFile => NameBackingFile((QedBackingFileException)error),
        QedRemedy.RemoveBackingFile => "Set-QedBackingFile -Remove removes it.",
        QedRemedy.AllowNetworkShares => "Use -AllowUnc if you trust that server.",
        QedRemedy.ReleaseOverlays => "Give them another one first (QED images with Set-QedBackingFile -PreserveContent, qcow2 images with qemu-img rebase), or use -Force if they are not needed any more.",
        _ => null,
    };

    private static string NameFormat(QedNotAnImageException error) =>
        $"Or read it as what it is, with -{error.FormatOption} {error.FoundFormat}.";

    private static string NameBackingFile(QedBackingFileException error) => error switch
    {
        { NamedBy: null } => "Name a file instead.",
        QedBackingFileNotFoundException => $"Put it back, or {Means(error.NamedBy, "name its new place")}.",
        QedBackingChainException => $"Give it another backing file: {Means(error.NamedBy, "name it")}.",
        _ => $"To name a file instead, {Means(error.NamedBy, "do so")}.",
    };

    // Every format but QED is only read here, so that other programs have to write the name.
    private static string Means(QedDiskFormat? namedBy, string verb) => namedBy switch
    {
        QedDiskFormat.Qcow2 => $"{verb} with qemu-img rebase -u",
        QedDiskFormat.Vmdk => $"{verb} in the text of its descriptor (parentFileNameHint)",
        QedDiskFormat.Vdi => $"{verb} with VBoxManage internalcommands sethdparentuuid",
        QedDiskFormat.Vhd or QedDiskFormat.Vhdx => $"{verb} with Set-VHD -ParentPath of Hyper-V",
        _ => $"{verb} with Set-QedBackingFile",
    };
}
