namespace QedTools;

/// <summary>A file is of a disk format that this version does not read, or not write in place.</summary>
public sealed class QedUnsupportedFormatException : QedException
{
    private QedUnsupportedFormatException(string path, string format, string message)
        : base(path, message) => Format = format;

    /// <summary>The format's name.</summary>
    public string Format { get; }

    /// <param name="path">The file.</param>
    /// <param name="format">Its format.</param>
    /// <param name="phrase">What it is, with the article.</param>
    /// <param name="namedLike">The format that its extension means, if another one.</param>
    /// <param name="remedy">What to do, as a sentence.</param>
    internal static QedUnsupportedFormatException ForFile(string path, string format, string phrase, string? namedLike, string remedy) => new(
        path,
        format,
        namedLike is null
            ? $"'{path}' is {phrase}, which QedTools does not read. {remedy}"
            : $"'{path}' has the extension of {namedLike} disks, but it is {phrase}, which QedTools does not read. {remedy}");

    internal static QedUnsupportedFormatException ForWriting(string path, string format) => new(
        path, format, $"'{path}' is a {format} file, which QedTools reads and makes anew but does not change. Convert it to QED or raw first, with Convert-QedImage.");

    internal static QedUnsupportedFormatException ForFeature(string path, string format, string feature) => new(
        path, format, $"'{path}' is a {format} file with {feature}, which QedTools does not read. Convert it with the program that made it.");
}
