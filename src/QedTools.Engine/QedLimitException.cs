using System.Globalization;

namespace QedTools;

/// <summary>A value that was asked for lies outside what the format or the image allows.</summary>
public sealed class QedLimitException : QedException
{
    internal QedLimitException(string path, string parameter, object value, string allowed)
        : this(path, parameter, value, allowed, string.Format(
            CultureInfo.InvariantCulture, "{1} is not possible for '{0}': allowed is {2}.", path, Phrase(parameter, value), allowed))
    {
    }

    private QedLimitException(string path, string parameter, object value, string allowed, string message, QedRemedy remedy = QedRemedy.None)
        : base(path, message)
    {
        Parameter = parameter;
        Value = value;
        Allowed = allowed;
        Remedy = remedy;
    }

    /// <inheritdoc/>
    public override QedRemedy Remedy { get; }

    /// <summary>What was asked for, by the name that the operation's options have for it, such as "SizeBytes".</summary>
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
    /// <param name="remedy">What would help.</param>
    internal static QedLimitException ForRequest(
        string path, string parameter, object value, string allowed, string message, QedRemedy remedy = QedRemedy.None) =>
        new(path, parameter, value, allowed, message, remedy);

    /// <summary>The error for a new size that cuts something off.</summary>
    /// <param name="path">The image.</param>
    /// <param name="size">The size asked for, in bytes.</param>
    /// <param name="present">The size that it has, in bytes.</param>
    internal static QedLimitException ForShrinking(string path, long size, long present) => new(
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
        QedRemedy.AllowShrinking);

    /// <summary>The error for something that a format does not have.</summary>
    /// <param name="path">The file.</param>
    /// <param name="parameter">What was asked for.</param>
    /// <param name="value">The value asked for.</param>
    /// <param name="formatName">The format.</param>
    internal static QedLimitException ForFormat(string path, string parameter, object value, string formatName) => new(
        path,
        parameter,
        value,
        "none",
        $"{Phrase(parameter, value)} is not possible for '{path}': a {formatName} file has no such thing. Leave it out, or choose another format.");

    private static string Phrase(string parameter, object value) => string.Format(
        CultureInfo.InvariantCulture,
        parameter switch
        {
            "SizeBytes" => "A size of {0} bytes",
            "ClusterSize" => "A cluster size of {0} bytes",
            "TableSize" => "A table size of {0} clusters",
            "BlockSize" => "A block size of {0} bytes",
            "SectorSize" => "A sector size of {0} bytes",
            "FileLength" => "A file of {0} bytes",
            "Offset" => "An offset of {0} bytes",
            "Length" => "A length of {0} bytes",
            "IsFixed" => "A fixed size",
            "BackingFile" => "The backing file '{0}'",
            "DestinationPath" => "The name '{0}'",
            _ => parameter + " {0}",
        },
        value);
}
