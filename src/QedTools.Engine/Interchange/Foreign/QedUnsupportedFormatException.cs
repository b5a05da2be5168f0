namespace QedTools;

/// <summary>A file is of a disk format that this version does not read, or not write in place.</summary>
public sealed class QedUnsupportedFormatException : QedException
{
    internal QedUnsupportedFormatException(string path, string format)
        : this(path, format, $"'{path}' is a {format} file, which QedTools does not read. Convert it to raw or QED with the program that made it.")
    {
    }

    private QedUnsupportedFormatException(string path, string format, string message)
        : base(path, message) => Format = format;

    /// <summary>The format's name.</summary>
    public string Format { get; }

    internal static QedUnsupportedFormatException ForWriting(string path, string format) => new(
        path, format, $"'{path}' is a {format} file, which QedTools reads and makes anew but does not change. Convert it to QED or raw first, with Convert-QedImage.");

    internal static QedUnsupportedFormatException ForFeature(string path, string format, string feature) => new(
        path, format, $"'{path}' is a {format} file with {feature}, which QedTools does not read. Convert it with the program that made it.");
}
