using System;
using System.IO;
using System.Linq;
using QedTools.Storage;

namespace QedTools.Interchange.Vmdk;

/// <summary>Files that are only a part of a disk, which another file describes.</summary>
internal static class VmdkParts
{
    private const string Extension = ".vmdk";

    // Enough for any folder of virtual machines; more would be a folder that was crafted to cost time.
    private const int MaxFiles = 1000;
    private const int MaxDescriptorBytes = 64 << 10;

    /// <summary>The error for a file that is a part of a disk. It names the descriptor if that is in the file's folder.</summary>
    public static QedUnsupportedFormatException ErrorFor(string path) =>
        QedUnsupportedFormatException.ForPart(path, VmdkFormat.FormatName, DescriptorOf(path));

    /// <summary>The same for a file that may be one: null if neither its name nor a descriptor in its folder says so.</summary>
    public static QedUnsupportedFormatException? TryErrorFor(string path) =>
        DescriptorOf(path) is { } descriptor ? QedUnsupportedFormatException.ForPart(path, VmdkFormat.FormatName, descriptor)
        : HasNameOfPart(path) ? QedUnsupportedFormatException.ForPart(path, VmdkFormat.FormatName, whole: null)
        : null;

    /// <summary>The name of a file in the same folder that describes a disk with data in this one; null if there is none.</summary>
    /// <param name="path">The file that may hold data.</param>
    public static string? DescriptorOf(string path)
    {
        try
        {
            string fullPath = Path.GetFullPath(path);
            string fileName = Path.GetFileName(fullPath);

            // disk.vmdk is more likely to describe disk-s001.vmdk than any other file is.
            return HostFiles.FilesIn(Path.GetDirectoryName(fullPath) ?? fullPath)
                .Where(file => Path.GetExtension(file).Equals(Extension, StringComparison.OrdinalIgnoreCase) && file != fullPath)
                .OrderBy(file => !fileName.StartsWith(Path.GetFileNameWithoutExtension(file), StringComparison.OrdinalIgnoreCase))
                .ThenBy(file => file, StringComparer.Ordinal)
                .Take(MaxFiles)
                .FirstOrDefault(file => Describes(file, fileName)) is { } found ? Path.GetFileName(found) : null;
        }
        catch (Exception e) when (e is QedException or ArgumentException or NotSupportedException or PathTooLongException)
        {
            return null;
        }
    }

    /// <summary>Whether a file has a name that VMware gives to parts: disk-flat.vmdk, disk-f001.vmdk, disk-s001.vmdk.</summary>
    public static bool HasNameOfPart(string path)
    {
        string name = Path.GetFileNameWithoutExtension(path);
        int dash = name.LastIndexOf('-');
        if (dash < 1 || !Path.GetExtension(path).Equals(Extension, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        string last = name.Substring(dash + 1);
        return last is "flat" or "delta" or "rdm" or "rdmp" or "sesparse"
            || (last.Length == 4 && last[0] is 'f' or 's' && last.Skip(1).All(character => character is >= '0' and <= '9'));
    }

    private static bool Describes(string file, string fileName) => TryReadDescriptor(file)?.Names(fileName) == true;

    /// <summary>The descriptor in a file by itself; null if the file is something else, or cannot be read.</summary>
    /// <param name="file">The file.</param>
    public static VmdkDescriptor? TryReadDescriptor(string file)
    {
        try
        {
            using IStorage storage = HostFiles.Open(file, StorageAccess.Inspect);
            if (storage.Length > MaxDescriptorBytes || !VmdkDescriptor.IsDescriptor(storage))
            {
                return null;
            }

            byte[] bytes = new byte[(int)storage.Length];
            storage.ReadExactly(0, bytes);
            return VmdkDescriptor.Parse(file, bytes);
        }
        catch (QedException)
        {
            return null;
        }
    }
}
