namespace QedTools.Chains;

/// <summary>How another backing file is named, in the words of each format: what an error advises must be possible.</summary>
internal static class BackingAdvice
{
    /// <summary>What to do about a file that is not where its name leads.</summary>
    /// <param name="namedBy">The format of the image that names it.</param>
    public static string ForMissing(QedDiskFormat? namedBy) => $"Put it back, or {Means(namedBy, "name its new place")}.";

    /// <summary>What to do about a name that leads to no file.</summary>
    /// <param name="namedBy">The format of the image that stores the name; null: somebody asks for the name now.</param>
    public static string NameAFile(QedDiskFormat? namedBy) => namedBy is null
        ? "Name a file instead."
        : $"To name a file instead, {Means(namedBy, "do so")}.";

    /// <summary>What to do about a chain that leads in a circle.</summary>
    /// <param name="namedBy">The format of the image that closes it; null: somebody asks for the name now.</param>
    public static string ForCycle(QedDiskFormat? namedBy) => namedBy is null
        ? "Name another file."
        : $"Give it another backing file: {Means(namedBy, "name it")}.";

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
