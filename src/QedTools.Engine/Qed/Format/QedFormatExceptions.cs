// The errors of the QED format: what can be wrong with an image's header and tables.
using System;
using System.Globalization;
using QedTools.Disks;

namespace QedTools;

/// <summary>A file is not of the format that it was to be opened as: its contents are of another format, or of no known one.</summary>
public sealed class QedNotAnImageException : QedFormatException
{
    /// <param name="path">The file.</param>
    /// <param name="found">What is wrong with it, as the end of a sentence, such as "is empty".</param>
    internal QedNotAnImageException(string path, string found)
        : base(path, $"'{path}' is not a QED image: it {found}. Check that it is the right file.")
    {
    }

    private QedNotAnImageException(string path, string message, Exception? cause)
        : base(path, message, cause)
    {
    }

    /// <inheritdoc/>
    public override QedRemedy Remedy => FoundFormat is not null && FormatOption is not null
        ? QedRemedy.NameFormat
        : IsOfOtherFormat ? QedRemedy.ConvertDisk : QedRemedy.None;

    private bool IsOfOtherFormat { get; init; }

    /// <summary>The format that the file can be read as, if its extension means another one; null if that is not known.</summary>
    public QedDiskFormat? FoundFormat { get; private init; }

    /// <summary>The option of the operation that names the file's format, such as "SourceFormat"; null if it has none.</summary>
    public string? FormatOption { get; internal set; }

    /// <summary>A QED image was expected, but the file is of another supported format.</summary>
    /// <param name="path">The file.</param>
    /// <param name="format">The format that it is of, such as "VHDX".</param>
    /// <param name="namedLike">The format that its extension means, if another one.</param>
    /// <param name="cause">What was found instead of a QED header.</param>
    internal static QedNotAnImageException ForFormat(string path, string format, string? namedLike, Exception cause) => new(
        path,
        namedLike is null
            ? $"'{path}' is a {format} file, not a QED image. Only QED images are checked, repaired and changed in place."
            : $"'{path}' has the extension of {namedLike} disks, but it is a {format} file. Give it the extension of that format, or name the right file.",
        cause)
    {
        IsOfOtherFormat = namedLike is null,
    };

    /// <summary>The extension means one format, but the contents are of another supported one.</summary>
    /// <param name="path">The file.</param>
    /// <param name="namedLike">The format that its extension means.</param>
    /// <param name="found">The format that it is of.</param>
    /// <param name="cause">What was found when it was opened.</param>
    internal static QedNotAnImageException ForExtension(string path, string namedLike, IDiskFormat found, Exception cause) => new(
        path, $"'{path}' has the extension of {namedLike} disks, but it is a {found.Name} file. Give it the extension {found.Extensions[0]}.", cause)
    {
        FoundFormat = found.Kind,
    };

    /// <summary>The extension means a format, but the contents are of no known one.</summary>
    /// <param name="path">The file.</param>
    /// <param name="namedLike">The format that its extension means.</param>
    /// <param name="isEmpty">Whether it has no contents at all.</param>
    /// <param name="cause">What was found when it was opened; null if it was not.</param>
    internal static QedNotAnImageException ForUnknown(string path, string namedLike, bool isEmpty, Exception? cause) => new(
        path,
        isEmpty
            ? $"'{path}' has the extension of {namedLike} disks, but it is empty. Get a complete copy of it."
            : $"'{path}' has the extension of {namedLike} disks, but its contents are of no known format. If it is a raw disk, give it the extension .raw; if not, get an intact copy of it.",
        cause)
    {
        FoundFormat = isEmpty ? null : QedDiskFormat.Raw,
    };

    /// <summary>A format was specified for a file, but the file is of another format, or of no known one.</summary>
    /// <param name="path">The file.</param>
    /// <param name="named">The format that was specified.</param>
    /// <param name="phrase">What it is instead, such as "a VHD file"; null if its contents are of no known format.</param>
    /// <param name="isEmpty">Whether it has no contents at all.</param>
    /// <param name="cause">What was found when it was opened.</param>
    internal static QedNotAnImageException ForNamed(string path, string named, string? phrase, bool isEmpty, Exception cause) => new(
        path,
        $"'{path}' is not a {named} file, although that format was specified: "
        + $"{(phrase is not null ? $"it is {phrase}" : isEmpty ? "it is empty" : "its contents are of no known format")}. Specify its actual format, or the right file.",
        cause);

    /// <summary>An overlay records a format for the file below it, but the file is of another.</summary>
    /// <param name="path">The file.</param>
    /// <param name="recorded">The format that is recorded for it.</param>
    /// <param name="phrase">What it is instead, such as "a VHD file".</param>
    /// <param name="cause">What was found when it was opened.</param>
    internal static QedNotAnImageException ForRecord(string path, string recorded, string phrase, Exception cause) => new(
        path, $"'{path}' should be a {recorded} file according to the image above it, but it is {phrase}. Put back the file that the image was created on.", cause);
}

/// <summary>A file ends before the header does.</summary>
public sealed class QedTruncatedException : QedFormatException
{
    internal QedTruncatedException(string path, long length)
        : base(path, string.Format(
            CultureInfo.InvariantCulture,
            "'{0}' is cut short: a QED header has 64 bytes, the file has {1}. Get a complete copy of the image.", path, length))
    {
    }
}

/// <summary>A header field has a value that the format does not allow.</summary>
public sealed class QedHeaderException : QedFormatException
{
    internal QedHeaderException(string path, string field, ulong value, string allowed)
        : base(path, string.Format(
            CultureInfo.InvariantCulture,
            "The header of '{0}' is damaged: {1} is {2}, but must be {3}. The image cannot be opened as it is; get an intact copy.",
            path, field, value, allowed))
    {
        Field = field;
        Value = value;
        Allowed = allowed;
    }

    /// <summary>The field, by its name in the QED specification.</summary>
    public string Field { get; }

    /// <summary>Its value in the file.</summary>
    public ulong Value { get; }

    /// <summary>What would be allowed, in words.</summary>
    public string Allowed { get; }
}

/// <summary>An image uses features that this version does not know, so the requested operation could do harm or return wrong data.</summary>
public sealed class QedUnsupportedFeatureException : QedFormatException
{
    private QedUnsupportedFeatureException(string path, ulong bits, string message)
        : base(path, message) => Bits = bits;

    /// <summary>The unknown bits of the header field that prevents the operation.</summary>
    public ulong Bits { get; }

    internal static QedUnsupportedFeatureException ForOpening(string path, ulong bits) => new(path, bits, string.Format(
        CultureInfo.InvariantCulture,
        "'{0}' uses QED features that QedTools does not know (bits 0x{1:x}), so it was not opened. Use a newer version of QedTools, or the program that made the image.",
        path,
        bits));

    internal static QedUnsupportedFeatureException ForBackingName(string path, ulong bits) => new(path, bits, string.Format(
        CultureInfo.InvariantCulture,
        "'{0}' has compatible features that QedTools does not know (bits 0x{1:x}), so what follows its header is unknown and no backing file name can be stored there. Convert the image to a new one instead.",
        path,
        bits));
}

/// <summary>Undoing a repair was interrupted: the image is neither what it was before nor what the repair left.</summary>
public sealed class QedInterruptedRestoreException : QedFormatException
{
    internal QedInterruptedRestoreException(string path)
        : base(path, $"Undoing a repair of '{path}' was interrupted, and until that is finished the image is a mix of old and new data. Undo the repair again, with the same backup.")
    {
    }

    /// <inheritdoc/>
    public override QedRemedy Remedy => QedRemedy.RestoreBackup;
}
