namespace QedTools;

/// <summary>A file is of a disk format that this version does not read, or does not write in place.</summary>
public sealed class QedUnsupportedFormatException : QedException
{
    private QedUnsupportedFormatException(string path, string format, string message, QedRemedy remedy = QedRemedy.None)
        : base(path, message) => (Format, Remedy) = (format, remedy);

    /// <summary>The format's name.</summary>
    public string Format { get; }

    /// <inheritdoc/>
    public override QedRemedy Remedy { get; }

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
        path, format, $"'{path}' is a {format} file, which QedTools reads and creates but does not change.", QedRemedy.ConvertDisk);

    /// <summary>The file is only a part of a disk.</summary>
    /// <param name="path">The file.</param>
    /// <param name="format">The disk's format.</param>
    /// <param name="whole">The name of the file that describes the disk, in the same folder; null if it is not there.</param>
    internal static QedUnsupportedFormatException ForPart(string path, string format, string? whole) => new(path, format, whole is null
        ? $"'{path}' is only a part of a {format} disk, and the file that describes the disk and names this one is not in its folder. Get that file, and name it instead."
        : $"'{path}' is only a part of the {format} disk that '{whole}' in the same folder describes. Name that file instead.");

    internal static QedUnsupportedFormatException ForFeature(string path, string format, string feature) => new(
        path, format, $"'{path}' is a {format} file with {feature}, which QedTools does not read. Convert it with the program that made it.");
}
