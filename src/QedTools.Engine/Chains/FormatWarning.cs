using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Chains;

/// <summary>
/// Warnings about files whose format is not certain. A file that is not recognized is raw only if its name or the user says so,
/// or with a warning; if name and contents mean different formats, the warning names both.
/// </summary>
internal static class FormatWarning
{
    /// <summary>A warning about a file that was opened by its extension; null if there is none.</summary>
    /// <param name="storage">The file.</param>
    /// <param name="format">What its extension means.</param>
    /// <remarks>
    /// The extension wins: the contents of a raw disk are controlled by whoever uses the disk, and must not decide how it is read.
    /// </remarks>
    /// <exception cref="QedException">The file could not be read.</exception>
    public static QedFormatDoubt? ByExtension(IStorage storage, IDiskFormat format) =>
        format == DiskFormats.Raw && DiskFormats.OtherThanRaw(storage) is { } other
            ? new QedFormatDoubt(
                storage.Path,
                $"'{storage.Path}' is read as a raw disk because of its extension, but it begins like {DiskFormats.PhraseOf(other)}.",
                "If it is one, give it that format's extension first.",
                QedDiskFormat.Raw,
                other.Kind)
            : null;

    /// <summary>A warning about a file that was opened by its contents; null if there is none.</summary>
    /// <param name="layer">The file.</param>
    /// <exception cref="QedException">The file could not be read.</exception>
    public static QedFormatDoubt? ByContents(IDiskLayer layer)
    {
        string path = layer.Storage.Path;
        IDiskFormat format = DiskFormats.Named(layer.FormatName);
        IDiskFormat? meant = DiskFormats.MeantBy(path);
        string contents = layer.Storage.Length == 0 ? "it is empty" : "its contents are of no known format";
        return (format == DiskFormats.Raw, meant) switch
        {
            (true, null) => Doubt($"'{path}' is treated as a raw disk: {contents}, and its extension does not indicate a format.", string.Empty),
            (true, { } other) when other != DiskFormats.Raw => Doubt(
                $"'{path}' is treated as a raw disk: it has the extension of {other.Name} files, but {contents}.",
                $"If it should be a {other.Name} file, get an intact copy."),
            (false, { } other) when other == DiskFormats.Raw => Doubt(
                $"'{path}' is read as a {format.Name} file because of its contents, but it has the extension of raw disks.",
                "If it is a raw disk, make the image record it as raw.",
                QedDiskFormat.Raw),
            (false, { } other) when other != format => Doubt(
                $"'{path}' is read as a {format.Name} file because of its contents, but it has the extension of {other.Name} files.",
                $"Give it the extension {format.Extensions[0]}."),
            _ => null,
        };

        QedFormatDoubt Doubt(string facts, string remedy, QedDiskFormat? other = null) => new(path, facts, remedy, format.Kind ?? QedDiskFormat.Raw, other);
    }
}
