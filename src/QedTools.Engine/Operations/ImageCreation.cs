using System.Threading;
using QedTools.Chains;
using QedTools.Disks;
using QedTools.Operations;
using QedTools.Storage;

namespace QedTools;

/// <summary>Creates images, completely or not at all.</summary>
public static class ImageCreation
{
    /// <summary>Determines the size of an image with these options, and finds everything that would prevent its creation.</summary>
    /// <param name="path">The new image's file.</param>
    /// <param name="options">Its properties.</param>
    /// <returns>The size, in bytes.</returns>
    /// <exception cref="QedException">It cannot be created.</exception>
    public static long Plan(string path, ImageCreationOptions options)
    {
        using ReservedName name = Reserve(path, options);
        return Examine(path, options).VirtualSize;
    }

    /// <summary>Creates an empty image.</summary>
    /// <param name="path">The new image's file; its folder must exist.</param>
    /// <param name="options">Its properties.</param>
    /// <param name="cancellation">Stops the creation; nothing is left behind.</param>
    /// <returns>The facts of the new image.</returns>
    /// <exception cref="QedFileExistsException">A file of that name exists and is not to be replaced.</exception>
    /// <exception cref="QedRequestException">There is neither a size nor a backing file.</exception>
    /// <exception cref="QedLimitException">A size or the backing file's name does not fit the format.</exception>
    /// <exception cref="QedBackingFileException">The backing file is missing or not followed.</exception>
    /// <exception cref="QedException">The file could not be created.</exception>
    public static QedImageInfo Run(string path, ImageCreationOptions options, CancellationToken cancellation = default)
    {
        using (ReservedName name = Reserve(path, options))
        {
            NewDisk disk = Examine(path, options);
            using NewFile file = NewFile.Create(name, trace: options.Trace);
            disk.Create(file.Storage).EndWriting();
            cancellation.ThrowIfCancellationRequested();
            file.Commit();
        }

        return ImageInspection.Run(path, new ImageInspectionOptions { SourceFormat = QedDiskFormat.Qed, Trace = options.Trace });
    }

    // Held from the first check on, so that the file that is replaced is the one that was checked.
    private static ReservedName Reserve(string path, ImageCreationOptions options)
    {
        if (options.SizeBytes is null && options.BackingFile is null)
        {
            throw new QedRequestException(
                path, nameof(options.SizeBytes), "(none)", "a size, or a backing file", $"'{path}' needs a size, or a backing file whose size it takes.", QedRemedy.GiveSize);
        }

        return ReservedName.Hold(path, options.Replace, trace: options.Trace);
    }

    private static NewDisk Examine(string path, ImageCreationOptions options)
    {
        BackingFileChoice? backing = options.BackingFile is { } name
            ? BackingFileChoice.Examine(path, name, options.BackingFormat, allowMissing: false, options.Trace)
            : null;
        backing?.WarnOfSectors(path, Sector.Size, options.Trace);
        long size = options.SizeBytes ?? backing?.Facts?.VirtualSize ?? 0;
        return DiskFormats.Qed.Resolve(
            path, new DiskRequest(size) { ClusterSize = options.ClusterSize, TableSize = options.TableSize, Backing = backing?.Reference });
    }
}
