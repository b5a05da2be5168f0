using System.Globalization;

namespace QedTools;

/// <summary>A value that was asked for lies outside what the format or the image allows.</summary>
public sealed class QedLimitException : QedException
{
    internal QedLimitException(string path, string parameter, object value, string allowed)
        : this(path, parameter, value, allowed, string.Format(
            CultureInfo.InvariantCulture, "{1} {2} is not possible for '{0}': allowed is {3}.", path, parameter, value, allowed))
    {
    }

    private QedLimitException(string path, string parameter, object value, string allowed, string message)
        : base(path, message)
    {
        Parameter = parameter;
        Value = value;
        Allowed = allowed;
    }

    /// <summary>What was asked for, such as "SizeBytes".</summary>
    public string Parameter { get; }

    /// <summary>The value asked for.</summary>
    public object Value { get; }

    /// <summary>What would be allowed, in words.</summary>
    public string Allowed { get; }

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

    /// <summary>The error for what is no mere value out of a range, in words of its own.</summary>
    /// <param name="path">The file it is about.</param>
    /// <param name="parameter">What was asked for, such as "BackingFile".</param>
    /// <param name="value">The value asked for.</param>
    /// <param name="allowed">What would be allowed, in words.</param>
    /// <param name="message">What is in the way and what to do.</param>
    internal static QedLimitException ForRequest(string path, string parameter, object value, string allowed, string message) =>
        new(path, parameter, value, allowed, message);
}
