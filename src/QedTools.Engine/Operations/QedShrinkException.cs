using System.Globalization;

namespace QedTools;

/// <summary>A disk would become smaller than it is, and that was not allowed.</summary>
public sealed class QedShrinkException : QedRequestException
{
    /// <param name="path">The image.</param>
    /// <param name="size">The requested size, in bytes.</param>
    /// <param name="present">The current size, in bytes.</param>
    internal QedShrinkException(string path, long size, long present)
        : base(
            path,
            "SizeBytes",
            size,
            $"{present} bytes or more",
            string.Format(
                CultureInfo.InvariantCulture,
                "{1} is not possible for '{0}'. Allowed: {2} or more, its current size, unless the data beyond the new end may be lost.",
                path,
                Phrase("SizeBytes", size),
                ByteSize.FormatExact(present)),
            QedRemedy.AllowShrinking)
    {
    }
}
