using System.Globalization;

namespace QedTools;

/// <summary>A requested value is outside the range that the format or the image allows.</summary>
public sealed class QedLimitException : QedRequestException
{
    internal QedLimitException(string path, string parameter, object value, string allowed)
        : base(path, parameter, value, allowed, string.Format(
            CultureInfo.InvariantCulture, "{1} is not possible for '{0}'. Allowed: {2}.", path, Phrase(parameter, value), allowed))
    {
    }

    /// <summary>An error with a specific message.</summary>
    /// <param name="path">The file it is about.</param>
    /// <param name="parameter">What was requested, such as "BackingFile".</param>
    /// <param name="value">The requested value.</param>
    /// <param name="allowed">What would be allowed, in words.</param>
    /// <param name="message">What prevents it and what to do.</param>
    /// <param name="remedy">What would help.</param>
    internal QedLimitException(
        string path, string parameter, object value, string allowed, string message, QedRemedy remedy = QedRemedy.None)
        : base(path, parameter, value, allowed, message, remedy)
    {
    }

    /// <summary>The error for a disk's size, whether it was requested or is that of another disk.</summary>
    /// <param name="path">The file that was to hold the disk.</param>
    /// <param name="size">The size, in bytes.</param>
    /// <param name="allowed">What would be allowed, in words.</param>
    internal static QedLimitException ForDiskSize(string path, long size, string allowed) => new(path, "SizeBytes", size, allowed, string.Format(
        CultureInfo.InvariantCulture,
        size == 0 ? "The source is empty, a disk of {1} bytes, which '{0}' cannot hold. Allowed: {2}. Choose another format, such as QED." : "'{0}' cannot hold a disk of {1} bytes. Allowed: {2}.",
        path,
        size,
        allowed));
}
