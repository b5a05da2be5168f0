using System.Globalization;

namespace QedTools;

/// <summary>A file of a format other than QED has a value that the format does not allow, or ends too early.</summary>
public sealed class QedDamagedFileException : QedFormatException
{
    internal QedDamagedFileException(string path, string format, string field, object value, string allowed)
        : base(path, string.Format(
            CultureInfo.InvariantCulture,
            "The {1} file '{0}' is damaged: {2} is {3}, but must be {4}. Get an intact copy, or repair it with the program that made it.",
            path, format, field, value, allowed))
    {
        Format = format;
        Field = field;
        Value = value;
        Allowed = allowed;
    }

    /// <summary>The format's name, such as "VHDX".</summary>
    public string Format { get; }

    /// <summary>The field, by its name in the format's specification.</summary>
    public string Field { get; }

    /// <summary>Its value in the file.</summary>
    public object Value { get; }

    /// <summary>What would be allowed, in words.</summary>
    public string Allowed { get; }
}
