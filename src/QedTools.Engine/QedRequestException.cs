using System.Globalization;

namespace QedTools;

/// <summary>What was asked for cannot be done: it does not go together with the files or with the format.</summary>
public class QedRequestException : QedException
{
    internal QedRequestException(
        string path, string parameter, object value, string allowed, string message, QedRemedy remedy = QedRemedy.None)
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

    /// <summary>The error for something that a format does not have.</summary>
    /// <param name="path">The file.</param>
    /// <param name="parameter">What was asked for.</param>
    /// <param name="value">The value asked for.</param>
    /// <param name="formatName">The format.</param>
    internal static QedRequestException ForFormat(string path, string parameter, object value, string formatName) => new(
        path,
        parameter,
        value,
        "none",
        $"{Phrase(parameter, value)} is not possible for '{path}': a {formatName} file has no such thing. Leave it out, or choose another format.");

    /// <summary>A value that was asked for, in words.</summary>
    private protected static string Phrase(string parameter, object value) => string.Format(
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
