using System.Globalization;

namespace QedTools;

/// <summary>A value that was asked for lies outside what the format or the image allows.</summary>
public sealed class QedLimitException : QedRequestException
{
    internal QedLimitException(string path, string parameter, object value, string allowed)
        : base(path, parameter, value, allowed, string.Format(
            CultureInfo.InvariantCulture, "{1} is not possible for '{0}': allowed is {2}.", path, Phrase(parameter, value), allowed))
    {
    }

    /// <summary>The error in words of its own.</summary>
    /// <param name="path">The file it is about.</param>
    /// <param name="parameter">What was asked for, such as "BackingFile".</param>
    /// <param name="value">The value asked for.</param>
    /// <param name="allowed">What would be allowed, in words.</param>
    /// <param name="message">What is in the way and what to do.</param>
    /// <param name="remedy">What would help.</param>
    internal QedLimitException(
        string path, string parameter, object value, string allowed, string message, QedRemedy remedy = QedRemedy.None)
        : base(path, parameter, value, allowed, message, remedy)
    {
    }

    /// <summary>The error for a disk's size, whether it was asked for or is that of another disk.</summary>
    /// <param name="path">The file that was to hold the disk.</param>
    /// <param name="size">The size, in bytes.</param>
    /// <param name="allowed">What would be allowed, in words.</param>
    internal static QedLimitException ForDiskSize(string path, long size, string allowed) => new(path, "SizeBytes", size, allowed, string.Format(
        CultureInfo.InvariantCulture,
        size == 0 ? "The source is empty, a disk of {1} bytes, which '{0}' cannot hold: allowed is {2}. Choose another kind of file, such as QED." : "'{0}' cannot hold a disk of {1} bytes: allowed is {2}.",
        path,
        size,
        allowed));
}
