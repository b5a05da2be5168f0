using System;
using System.Globalization;
using System.Threading;
using QedTools.Qed;
using QedTools.Qed.Checking;
using QedTools.Storage;

namespace QedTools.Operations;

/// <summary>Opens images for changing them.</summary>
internal static class QedImageOpening
{
    /// <summary>Opens and locks an image. One that was not closed cleanly is checked first, and refused if it is damaged.</summary>
    /// <param name="path">The file.</param>
    /// <param name="progress">Is told how far that check is; may be null.</param>
    /// <param name="cancellation">Stops that check.</param>
    /// <exception cref="QedImageInUseException">Another process has it open.</exception>
    /// <exception cref="QedCorruptException">The check found more than leaks.</exception>
    /// <exception cref="QedException">It cannot be opened.</exception>
    public static QedImage ForWriting(string path, IProgress<OperationProgress>? progress, CancellationToken cancellation)
    {
        FileStorage storage = FileStorage.Open(path, StorageAccess.Write);
        try
        {
            QedImage image = QedImage.Open(storage);
            if (image.Header.NeedsCheck
                && ImageChecker.Check(image, progress, cancellation) is { Status: QedCheckStatus.Corrupt } check)
            {
                throw new QedCorruptException(path, string.Format(
                    CultureInfo.InvariantCulture,
                    "it was not closed cleanly and {0} of its table entries are wrong, so it is not written to.",
                    check.CorruptionCount));
            }

            return image;
        }
        catch
        {
            storage.Dispose();
            throw;
        }
    }
}
