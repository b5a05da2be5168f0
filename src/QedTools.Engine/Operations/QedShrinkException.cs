using System.Globalization;

namespace QedTools;

/// <summary>A disk was to become smaller than it is, and that was not allowed.</summary>
public sealed class QedShrinkException : QedRequestException
{
    /// <param name="path">The image.</param>
    /// <param name="size">The size asked for, in bytes.</param>
    /// <param name="present">The size that it has, in bytes.</param>
    internal QedShrinkException(string path, long size, long present)
        : base(
            path,
            "SizeBytes",
            size,
            $"{present} bytes or more",
            string.Format(
                CultureInfo.InvariantCulture,
                "{1} is not possible for '{0}': allowed is {2} or more, its size now, unless what lies behind may be lost.",
                path,
                Phrase("SizeBytes", size),
                ByteSize.FormatExact(present)),
            QedRemedy.AllowShrinking)
    {
    }
}
