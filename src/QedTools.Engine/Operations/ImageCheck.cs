using System;
using System.Threading;
using QedTools.Chains;
using QedTools.Qed;
using QedTools.Qed.Checking;
using QedTools.Storage;

namespace QedTools;

/// <summary>Checks the consistency of an image. Never changes a byte.</summary>
public static class ImageCheck
{
    /// <summary>Checks one image; backing files are not examined.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">How to check it.</param>
    /// <param name="progress">Receives the bytes of tables read; may be null.</param>
    /// <param name="cancellation">Stops the check.</param>
    /// <returns>What was found.</returns>
    /// <exception cref="QedImageInUseException">Another process has it open for writing.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="QedException">It does not exist, is not a QED image, has a damaged header, or cannot be read.</exception>
    public static QedCheckResult Run(
        string path, ImageCheckOptions options, IProgress<OperationProgress>? progress = null, CancellationToken cancellation = default)
    {
        StorageAccess access = options.ForceShare ? StorageAccess.Inspect : StorageAccess.Read;
        using BackingChain chain = BackingChain.OpenTop(path, DiskFormats.Qed, new ChainPolicy(access, AllowUnc: false) { Trace = options.Trace }, out QedImage image);
        if (image.Trace is { } trace)
        {
            trace.ListsTables = true;
        }

        QedCheckResult result = ImageChecker.Check(image.File, progress, cancellation);
        chain.RequireUnchanged();
        return result;
    }
}
