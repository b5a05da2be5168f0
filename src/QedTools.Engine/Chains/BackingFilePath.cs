// The policy on the names of backing files: an image from elsewhere is hostile.
using System;
using System.IO;
using QedTools.Storage.Native;

namespace QedTools.Chains;

/// <summary>Says which file a stored backing name leads to, or why it leads nowhere.</summary>
internal static class BackingFilePath
{
    /// <summary>What to do about a name that leads to no file, as a sentence.</summary>
    public const string NameAFile = "Name a file instead, with Set-QedBackingFile.";

    /// <summary>The file that <paramref name="name"/> leads to, as a full path. Nothing is opened.</summary>
    /// <param name="imagePath">The image that names it: a relative name begins in its folder.</param>
    /// <param name="name">The name as stored.</param>
    /// <param name="allowUnc">Whether a name may lead to a network share that the image itself is not on.</param>
    /// <exception cref="QedBackingFileRefusedException">It is a protocol, a device, a share, or no name at all.</exception>
    public static string Resolve(string imagePath, string name, bool allowUnc)
    {
        if (RefusalOf(imagePath, name, allowUnc) is { } reason)
        {
            throw new QedBackingFileRefusedException(imagePath, name, reason);
        }

        try
        {
            string folder = Path.GetDirectoryName(Path.GetFullPath(imagePath)) ?? Path.GetPathRoot(imagePath) ?? string.Empty;
            string path = RealPath.Combine(folder, name);
            return Platform.IsWindows && FileStatus.IsDevicePath(path)
                ? throw new QedBackingFileRefusedException(imagePath, name, "it is the name of a device.")
                : path;
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException or PathTooLongException)
        {
            throw new QedBackingFileRefusedException(imagePath, name, $"it is no valid file name ({e.Message}). {NameAFile}");
        }
    }

    /// <summary>The same, for showing it: null where the name is not followed.</summary>
    public static string? TryResolve(string imagePath, string name)
    {
        try
        {
            return Resolve(imagePath, name, allowUnc: true);
        }
        catch (QedBackingFileRefusedException)
        {
            return null;
        }
    }

    /// <summary>Whether a name begins with a protocol, as QEMU reads names: a colon before any slash.</summary>
    public static bool HasProtocol(string name)
    {
        int colon = name.IndexOf(':');
        if (colon < 0 || (Platform.IsWindows && IsDriveLetter(name, colon)))
        {
            return false;
        }

        int slash = Platform.IsWindows ? name.IndexOfAny(['/', '\\']) : name.IndexOf('/');
        return slash < 0 || colon < slash;
    }

    private static string? RefusalOf(string imagePath, string name, bool allowUnc)
    {
        if (name.Length == 0)
        {
            return "the name is empty. " + NameAFile;
        }

        if (name.AsSpan().IndexOf('\0') >= 0)
        {
            return "the name contains a NUL character. " + NameAFile;
        }

        if (HasProtocol(name))
        {
            return IsDriveLetter(name, name.IndexOf(':'))
                ? "it is a Windows path. Copy the file here and name it with Set-QedBackingFile."
                : "it names a protocol, and only local files are read. If it is a file with a colon in its name, store it as './" + name + "'.";
        }

        if (Platform.IsWindows && IsUncOrDevice(name))
        {
            if (IsDevice(name))
            {
                return "it is a device path. " + NameAFile;
            }

            if (!allowUnc && !IsOnShareOf(imagePath, name))
            {
                return "it lies on another network share. Use -AllowUnc if you trust that server.";
            }
        }

        return null;
    }

    private static bool IsDriveLetter(string name, int colon) =>
        colon == 1 && name[0] is (>= 'A' and <= 'Z') or (>= 'a' and <= 'z') && (name.Length == 2 || name[2] is '/' or '\\');

    private static bool IsUncOrDevice(string name) =>
        name.Length >= 2 && name[0] is '\\' or '/' && name[1] is '\\' or '/';

    private static bool IsDevice(string name) => name.Length >= 3 && name[2] is '.' or '?';

    private static bool IsOnShareOf(string imagePath, string name) =>
        Path.GetPathRoot(Path.GetFullPath(name)) is { Length: > 0 } share
        && string.Equals(share, Path.GetPathRoot(Path.GetFullPath(imagePath)), StringComparison.OrdinalIgnoreCase);
}
