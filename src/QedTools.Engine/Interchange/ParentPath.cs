using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using QedTools.Storage;
using QedTools.Storage.Native;

namespace QedTools.Interchange;

/// <summary>Where the parent of a new differencing disk is, in the form that Windows gives to paths.</summary>
/// <param name="Relative">The path from the new file's folder, such as ".\parent.vhdx"; null if the parent is on another drive or share.</param>
/// <param name="Absolute">The full path; null where paths do not begin with a drive or a share.</param>
internal readonly record struct ParentPath(string? Relative, string? Absolute)
{
    private const char Separator = '\\';

    /// <summary>The name that is tried first, in the form that the host gives to paths.</summary>
    public string HostName => Relative?.Replace(Separator, Path.DirectorySeparatorChar) ?? Absolute!;

    /// <summary>The paths that lead to a parent.</summary>
    /// <param name="imagePath">The new file.</param>
    /// <param name="name">The parent's name as requested. A relative one is relative to the new file's folder, and is kept.</param>
    /// <param name="parentPath">The parent's full path.</param>
    /// <exception cref="QedRequestException">The name contains a character that separates folders on Windows.</exception>
    public static ParentPath Of(string imagePath, string name, string parentPath)
    {
        string? relative = Path.IsPathRooted(name) ? Between(RealFolderOf(imagePath), parentPath) : name;
        return relative is not null && !Platform.IsWindows && relative.Split(Separator).Length > 1
            ? throw new QedRequestException(
                imagePath,
                "BackingFile",
                name,
                "a name without backslashes",
                $"The backing file '{name}' is not possible for '{imagePath}': the format stores paths of Windows, in which a backslash separates folders. Rename the file or its folder.")
            : new ParentPath(relative is null ? null : ToWindows(relative), Platform.IsWindows ? parentPath : null);
    }

    private static string ToWindows(string path)
    {
        List<string> parts = [.. Split(path).Where(part => part.Length > 0)];
        if (parts[0] is not ("." or ".."))
        {
            parts.Insert(0, ".");
        }

        return string.Join("\\", parts);
    }

    // Null if no relative path leads from one to the other.
    private static string? Between(string folder, string file)
    {
        StringComparison comparison = Platform.IsWindows ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
        if (!string.Equals(Path.GetPathRoot(folder), Path.GetPathRoot(file), comparison))
        {
            return null;
        }

        string[] from = [.. Split(folder).Where(part => part.Length > 0)];
        string[] to = [.. Split(file).Where(part => part.Length > 0)];
        int common = 0;
        while (common < from.Length && common < to.Length - 1 && string.Equals(from[common], to[common], comparison))
        {
            common++;
        }

        return string.Join(
            Path.DirectorySeparatorChar.ToString(), Enumerable.Repeat("..", from.Length - common).Concat(to.Skip(common)));
    }

    // The host follows links before it goes up, so the path must start from the folder's real place.
    private static string RealFolderOf(string path)
    {
        string folder = HostFiles.FolderOf(path);
        return RealPath.Of(folder) ?? folder;
    }

    private static string[] Split(string path) => path.Split(Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar);
}
