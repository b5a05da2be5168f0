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
    /// <param name="path">Its full path. A file that does not exist is in the folder that its name says.</param>
    public bool Contains(string path)
    {
        string real = HostFiles.FinalPathOf(path);
        return Array.Exists(_folders, folder => real.StartsWith(folder, PathComparison));
    }

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
