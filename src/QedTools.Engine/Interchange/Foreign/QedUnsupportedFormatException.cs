namespace QedTools;

/// <summary>A file is of a disk format that this version recognizes but does not read.</summary>
public sealed class QedUnsupportedFormatException : QedException
{
    internal QedUnsupportedFormatException(string path, string format)
        : base(path, $"'{path}' is a {format} file, which QedTools does not read. Convert it to raw or QED with the program that made it.") => Format = format;

    /// <summary>The format's name.</summary>
    public string Format { get; }
}
