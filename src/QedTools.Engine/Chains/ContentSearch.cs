using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Chains;

/// <summary>Finds the backing file of an image that identifies it by its content identifier alone.</summary>
internal static class ContentSearch
{
    // Enough for any folder of virtual machines; a folder with more could have been made to waste time.
    private const int MaxFiles = 1000;

    /// <summary>The file in an image's folder that has a given identity.</summary>
    /// <param name="namedBy">The image; subfolders of its folder are not searched.</param>
    /// <param name="wanted">Which identity, in a file of which format.</param>
    /// <param name="except">Whether a file is open already and does not count, by its <see cref="IStorage.Identity"/>; null if none is.</param>
    /// <param name="isAllowed">Whether a file may be opened, by its full path; null for every file.</param>
    /// <returns>Its full path.</returns>
    /// <exception cref="QedBackingFileNotFoundException">None has it.</exception>
    /// <exception cref="QedBackingFileRefusedException">Several have it.</exception>
    /// <exception cref="QedException">The folder could not be listed.</exception>
    public static string Find(
        string namedBy, in BackingReference wanted, Func<string, bool>? except = null, Func<string, bool>? isAllowed = null)
    {
        string folder = HostFiles.FolderOf(namedBy);
        Guid? identity = wanted.ContentId;
        IDiskFormat format = DiskFormats.Of(wanted.Format!.Value);
        string[] found =
        [
            .. Candidates(folder, format, isAllowed)
                .Where(file => (except is null || HostFiles.IdentityOf(file) is not { } own || !except(own)) && ContentIdOf(file, format) == identity)
                .Take(2),
        ];
        return found.Length switch
        {
            1 => found[0],
            0 => throw QedBackingFileNotFoundException.ForContentId(namedBy, wanted.Name, folder),
            _ => throw QedBackingFileRefusedException.ForSameContentId(namedBy, wanted.Name, Path.GetFileName(found[0]), Path.GetFileName(found[1])),
        };
    }

    /// <summary>The same, for display: null if there is none, or more than one.</summary>
    /// <param name="namedBy">The image.</param>
    /// <param name="wanted">Which identity, in a file of which format.</param>
    /// <param name="isAllowed">Whether a file may be opened, by its full path; null for every file.</param>
    public static string? TryFind(string namedBy, in BackingReference wanted, Func<string, bool>? isAllowed = null)
    {
        try
        {
            return Find(namedBy, wanted, except: null, isAllowed);
        }
        catch (QedException)
        {
            return null;
        }
    }

    /// <summary>The files in a folder that such an image could mean, by their identities; none if the folder cannot be listed.</summary>
    /// <param name="folder">The folder; subfolders are not searched.</param>
    /// <param name="format">The format of the files.</param>
    /// <param name="isAllowed">Whether a file may be opened, by its full path.</param>
    public static ILookup<Guid, string> ContentIdsIn(string folder, IDiskFormat format, Func<string, bool> isAllowed)
    {
        IReadOnlyList<string> files;
        try
        {
            files = [.. Candidates(folder, format, isAllowed)];
        }
        catch (QedException)
        {
            files = [];
        }

        return files
            .Select(file => (Path: file, Identity: ContentIdOf(file, format)))
            .Where(file => file.Identity is not null)
            .ToLookup(file => file.Identity!.Value, file => file.Path);
    }

    /// <summary>Whether a file has a name by which it is found.</summary>
    /// <param name="path">The file.</param>
    /// <param name="format">Its format.</param>
    public static bool IsNamedLike(string path, IDiskFormat format) => format.Extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase);

    private static IEnumerable<string> Candidates(string folder, IDiskFormat format, Func<string, bool>? isAllowed) => HostFiles.FilesIn(folder)
        .Where(file => IsNamedLike(file, format))
        .OrderBy(file => file, StringComparer.Ordinal)
        .Take(MaxFiles)
        .Where(file => isAllowed is null || isAllowed(file));

    // Null for a file that is not of the format or cannot be read: it is not the one.
    private static Guid? ContentIdOf(string path, IDiskFormat format)
    {
        try
        {
            using IStorage storage = HostFiles.Open(path, StorageAccess.Inspect);
            return format.Open(storage).ContentId;
        }
        catch (QedException)
        {
            return null;
        }
    }
}
