using System;
using System.IO;
using System.Threading;
using QedTools.Chains;
using QedTools.Storage;

namespace QedTools;

/// <summary>Opens an image's contents.</summary>
public static class DiskOpening
{
    /// <summary>Opens the disk that an image forms with its backing files. The image is locked until the stream is closed.</summary>
    /// <param name="path">The image.</param>
    /// <param name="options">How to open it.</param>
    /// <param name="progress">Receives the progress of the check of an image that is opened for writing; may be null.</param>
    /// <param name="cancellation">Stops the opening.</param>
    /// <returns>The disk's contents.</returns>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="QedImageInUseException">Another process has a layer open in a way that rules this out.</exception>
    /// <exception cref="QedCorruptException">It is opened for writing, and its check found damage.</exception>
    /// <exception cref="QedBackingFileSharedException">It is opened for writing, another image is based on it, and that was not allowed.</exception>
    /// <exception cref="QedRequestException">It is opened for writing as a raw disk, by its extension, but begins like an image of another format.</exception>
    /// <exception cref="QedNotAnImageException">It is not of the format that was named, or that its extension means.</exception>
    /// <exception cref="QedBackingFileException">A layer names a file that is missing, not followed or above it.</exception>
    /// <exception cref="QedException">A layer cannot be opened.</exception>
    public static DiskStream Run(
        string path,
        DiskOpeningOptions options,
        IProgress<OperationProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        BackingChain chain = OpenChain(
            path, options, options.Writable, options.AllowOtherContents, options.AllowOtherOverlays, progress, cancellation);
        try
        {
            return new DiskStream(chain.ToDisk(), chain.Close, Path.GetFullPath(path));
        }
        catch
        {
            chain.Dispose();
            throw;
        }
    }

    /// <summary>Opens all layers of an image, for reading or writing; <see cref="BackingChain.ToDisk"/> is the disk.</summary>
    /// <param name="path">The image.</param>
    /// <param name="options">How to open it.</param>
    /// <param name="isWritable">Whether its contents may be changed.</param>
    /// <param name="allowOtherContents">As <see cref="DiskOpeningOptions.AllowOtherContents"/>.</param>
    /// <param name="allowOtherOverlays">As <see cref="DiskOpeningOptions.AllowOtherOverlays"/>.</param>
    /// <param name="progress">Receives the progress of the check of an image that is opened for writing; may be null.</param>
    /// <param name="cancellation">Stops the opening.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="QedException">As for <see cref="Run"/>.</exception>
    internal static BackingChain OpenChain(
        string path,
        DiskContentsOptions options,
        bool isWritable,
        bool allowOtherContents,
        bool allowOtherOverlays,
        IProgress<OperationProgress>? progress,
        CancellationToken cancellation)
    {
        if (isWritable && !allowOtherContents && options.SourceFormat is null && DiskFormats.OtherThanRaw(path) is { } other)
        {
            throw new QedRequestException(
                path,
                nameof(DiskOpeningOptions.Writable),
                true,
                "a file that is what its extension says",
                $"'{path}' is a raw disk by its extension, but it begins like {DiskFormats.PhraseOf(other)}, which writing to it as a raw disk would destroy. If it is one, give it that format's extension.",
                QedRemedy.AllowOtherContents);
        }

        ChainPolicy policy = isWritable ? options.ToPolicy() with { Access = StorageAccess.Write } : options.ToPolicy();
        BackingChain chain = BackingChain.OpenAll(path, DiskFormats.ForOpening, policy);
        try
        {
            if (isWritable)
            {
                chain.BeginWriting(0, allowOtherOverlays ? OtherOverlays.Allow : OtherOverlays.Refuse, progress, cancellation);
            }

            return chain;
        }
        catch
        {
            chain.Dispose();
            throw;
        }
    }
}
