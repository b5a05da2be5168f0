using System;
using System.Threading;
using QedTools.Chains;
using QedTools.Operations;
using QedTools.Qed;
using QedTools.Storage;

namespace QedTools;

/// <summary>Changes which backing file an image names.</summary>
public static class BackingFileChange
{
    /// <summary>Changes the header only: the disk reads differently afterwards unless old and new backing file hold the same.</summary>
    /// <param name="path">The image.</param>
    /// <param name="options">The new backing file.</param>
    /// <param name="progress">Is told how far the check of an image that was not closed cleanly is; may be null.</param>
    /// <param name="cancellation">Stops before the change; the change itself is one step.</param>
    /// <returns>The facts of the image afterwards.</returns>
    /// <exception cref="QedImageInUseException">Another process has the image open.</exception>
    /// <exception cref="QedBackingFileException">The new backing file is missing, not followed, or leads back to the image.</exception>
    /// <exception cref="QedCorruptException">The image was not closed cleanly and its check found damage.</exception>
    /// <exception cref="QedException">The image cannot be opened or changed.</exception>
    public static QedImageInfo Apply(
        string path,
        BackingFileChangeOptions options,
        IProgress<OperationProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        using BackingChain chain = BackingChain.OpenTop(path, DiskFormats.Qed, new ChainPolicy(StorageAccess.Write, AllowUnc: false));
        QedImage image = (QedImage)chain.Layers[0];
        image.BeginWriting(progress, cancellation);
        image.SetBacking(Examine(path, options)?.Reference);
        return ImageInspection.Describe(image, depth: 0) with { InUse = false };
    }

    /// <summary>Everything that would keep the change from being made, without making it.</summary>
    /// <param name="path">The image.</param>
    /// <param name="options">The new backing file.</param>
    /// <returns>The facts of the image as it is.</returns>
    /// <exception cref="QedException">The change cannot be made.</exception>
    public static QedImageInfo Plan(string path, BackingFileChangeOptions options)
    {
        using BackingChain chain = BackingChain.OpenTop(path, DiskFormats.Qed, new ChainPolicy(StorageAccess.Read, AllowUnc: false));
        _ = Examine(path, options);
        return ImageInspection.Describe(chain.Layers[0], depth: 0);
    }

    private static BackingFileChoice? Examine(string path, BackingFileChangeOptions options) => options.BackingFile is { } name
        ? BackingFileChoice.Examine(path, name, options.BackingFormat, options.AllowMissing)
        : null;
}
