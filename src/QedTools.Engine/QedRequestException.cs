using System.Globalization;

namespace QedTools;

/// <summary>A request cannot be carried out: it does not suit the files or the format.</summary>
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

    /// <summary>What was requested, by its name in the operation's options, such as "SizeBytes".</summary>
    public string Parameter { get; }

    /// <summary>The requested value.</summary>
    public object Value { get; }

    /// <summary>What would be allowed, in words.</summary>
    public string Allowed { get; }

    /// <summary>The error for something that a format does not support.</summary>
    /// <param name="path">The file.</param>
    /// <param name="parameter">What was requested.</param>
    /// <param name="value">The requested value.</param>
    /// <param name="formatName">The format.</param>
    internal static QedRequestException ForFormat(string path, string parameter, object value, string formatName) => new(
        path,
        parameter,
        value,
        "none",
        $"{Phrase(parameter, value)} is not possible for '{path}': {formatName} files do not support that. Leave it out, or choose another format.");

    /// <summary>A requested value, in words.</summary>
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
            "RoundUpTo" => "Rounding up to multiples of {0} bytes",
            "AdapterType" => "The adapter type {0}",
            "FullyAllocated" => "A file without holes",
            "IsFixed" => "A fixed size",
            "Compress" => "Compression with {0}",
            "BackingFile" => "The backing file '{0}'",
            "BackingFormat" => "A backing file recorded as {0}",
            "DestinationPath" => "The name '{0}'",
            _ => parameter + " {0}",
        },
        value);
}
