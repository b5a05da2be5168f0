using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using QedTools.Storage;
using QedTools.Storage.Native;

namespace QedTools.Chains;

/// <summary>The folders that files named by images may be in. Symbolic links are followed first: one that leads out of them is outside.</summary>
internal sealed class BackingFolderSet
{
    private static readonly StringComparison PathComparison = Platform.IsLinux ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;

    private readonly string[] _folders;

    private BackingFolderSet(string[] folders) => _folders = folders;

    /// <summary>The set of some folders; null, which allows every folder, if there are none.</summary>
    /// <param name="folders">Paths of the host.</param>
    /// <exception cref="QedRequestException">One is not a folder that exists.</exception>
    public static BackingFolderSet? Of(IReadOnlyCollection<string> folders) =>
        folders.Count == 0 ? null : new BackingFolderSet([.. folders.Select(RealFolder)]);

    /// <summary>Whether a file is in one of the folders, or in a folder inside one.</summary>
    /// <param name="path">Its full path. A file that does not exist is in the folder that its name says; one that exists and whose real path the host does not
    /// report is in none.</param>
    public bool Contains(string path) =>
        (HostFiles.RealPathOf(path) ?? (HostFiles.Exists(path) ? null : path)) is { } real
        && Array.Exists(_folders, folder => real.StartsWith(folder, PathComparison));

    /// <summary>Whether an open file is the one that <see cref="Contains"/> found inside: its name may lead elsewhere by now.</summary>
    /// <param name="storage">The file.</param>
    /// <param name="path">The full path that it was opened by.</param>
    public bool ContainsOpen(IStorage storage, string path) =>
        Contains(path) && HostFiles.RealPathOf(path) is { } real && HostFiles.IdentityOf(real) == storage.Identity;

    // With a separator at the end: "/images" does not contain "/images2/disk.qed".
    private static string RealFolder(string folder)
    {
        if (!HostFiles.IsFolder(folder))
        {
            throw new QedRequestException(
                folder, "BackingFolders", folder, "a folder that exists", $"'{folder}' is not a folder. Name the folder that backing files may be in.");
        }

        return HostFiles.FinalPathOf(folder).TrimEnd(Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar) + Path.DirectorySeparatorChar;
    }
}
