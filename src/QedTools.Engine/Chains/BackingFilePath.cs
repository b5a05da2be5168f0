// The policy on the names of backing files: an image from elsewhere is treated as hostile.
using System;
using System.Collections.Generic;
using System.IO;
using QedTools.Disks;
using QedTools.Storage;
using QedTools.Storage.Native;

namespace QedTools.Chains;

/// <summary>Determines which file a stored backing name leads to, or why it is not followed.</summary>
internal static class BackingFilePath
{
    // What QEMU treats as protocols and as options in a name ("QEMU Block Drivers Reference").
    private static readonly string[] KnownProtocols =
    [
        "json", "file", "nbd", "nbd+unix", "http", "https", "ftp", "ftps", "ssh", "iscsi", "iser", "rbd", "nfs", "gluster", "nvme", "fat",
        "host_device", "host_cdrom", "vhost-user-blk-pci", "blkdebug", "blkverify", "sheepdog", "vxhs", "quorum", "null-co", "null-aio",
    ];

    /// <summary>The file that <paramref name="name"/> leads to, as a full path. Nothing is opened.</summary>
    /// <param name="imagePath">The image that names it: a relative name is relative to its folder.</param>
    /// <param name="name">The name as stored.</param>
    /// <param name="allowUnc">Whether a name may lead to a network share that the image itself is not on.</param>
    /// <param name="namedBy">The format of the image that stores the name; null if the name is being requested now.</param>
    /// <exception cref="QedBackingFileRefusedException">It is a protocol, a device, a share, or not a name at all.</exception>
    public static string Resolve(string imagePath, string name, bool allowUnc, QedDiskFormat? namedBy = null)
    {
        if (RefusalOf(name) is { } reason)
        {
            throw new QedBackingFileRefusedException(imagePath, name, reason, QedRemedy.NameBackingFile, namedBy);
        }

        if (!allowUnc && Platform.IsWindows && IsUncOrDevice(name) && !IsOnShareOf(imagePath, name))
        {
            throw new QedBackingFileRefusedException(imagePath, name, "it is on another network share.", QedRemedy.AllowNetworkShares, namedBy);
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
            throw new QedBackingFileRefusedException(imagePath, name, $"it is not a valid file name ({e.Message}).", QedRemedy.NameBackingFile, namedBy);
        }
    }

    /// <summary>The first of the places recorded for a file at which there is one that may be used; null if there is none.</summary>
    /// <param name="imagePath">The image that names it.</param>
    /// <param name="file">The file as the image names it.</param>
    /// <param name="allowUnc">Whether a name may lead to a network share that the image itself is not on.</param>
    /// <param name="isAllowed">Whether a file may be used, by its full path.</param>
    public static string? FirstExisting(string imagePath, in BackingReference file, bool allowUnc, Func<string, bool> isAllowed)
    {
        foreach (string name in file.OtherNames is { } others ? (IEnumerable<string>)[file.Name, .. others] : [file.Name])
        {
            try
            {
                string path = Resolve(imagePath, name, allowUnc);
                if (isAllowed(path) && HostFiles.IdentityOf(path) is not null)
                {
                    return path;
                }
            }
            catch (QedBackingFileException)
            {
                // Another name may be followed.
            }
        }

        return null;
    }

    /// <summary>The same, for display: null if the name is not followed.</summary>
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

    // Why a name is not followed; null if it may be.
    private static string? RefusalOf(string name)
    {
        if (name.Length == 0)
        {
            return "the name is empty.";
        }

        if (name.AsSpan().IndexOf('\0') >= 0)
        {
            return "the name contains a NUL character.";
        }

        if (name.AsSpan().IndexOf('\uFFFD') >= 0)
        {
            return "it contains bytes that are not valid UTF-8, so that it does not tell which file is meant.";
        }

        if (HasProtocol(name))
        {
            return IsDriveLetter(name, name.IndexOf(':'))
                ? "it is a Windows path. Copy the file to this machine."
                : ProtocolRefusal(name);
        }

        return Platform.IsWindows && IsUncOrDevice(name) && IsDevice(name) ? "it is a device path." : null;
    }

    private static string ProtocolRefusal(string name)
    {
        const string Fact = "it names a protocol, and only local files are read.";
        string protocol = name.Substring(0, name.IndexOf(':'));
        bool isKnown = Array.Exists(KnownProtocols, known => string.Equals(known, protocol, StringComparison.OrdinalIgnoreCase))
            || name.AsSpan(protocol.Length + 1).StartsWith("//".AsSpan());
        return isKnown
            ? Fact
            : Fact + " If it is a file with a colon in its name, write the name as './" + name + "'.";
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
