// The errors of the QED format: what can be wrong with an image's header and tables.
using System;
using System.Globalization;

namespace QedTools;

/// <summary>A file does not begin with the QED magic number.</summary>
public sealed class QedNotAnImageException : QedFormatException
{
    /// <param name="path">The file.</param>
    /// <param name="found">What is wrong with it, as the end of a sentence, such as "is empty".</param>
    internal QedNotAnImageException(string path, string found)
        : base(path, $"'{path}' is not a QED image: it {found}. Check that it is the right file.")
    {
    }

    private QedNotAnImageException(string path, string message, Exception cause)
        : base(path, message, cause)
    {
    }

    /// <param name="path">The file.</param>
    /// <param name="format">The name of the format that it is of, such as "VHDX".</param>
    /// <param name="isRead">Whether that format can be converted from.</param>
    /// <param name="cause">What was found instead of a QED header.</param>
    internal static QedNotAnImageException ForFormat(string path, string format, bool isRead, Exception cause) => new(
        path,
        $"'{path}' is a {format} file, not a QED image. {(isRead ? "Make a QED image of it with Convert-QedImage" : "Convert it to raw or QED with the program that made it")}, or name the right file.",
        cause);
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
            "The header of '{0}' is damaged: {1} is {2}, allowed is {3}. The image cannot be opened as it is; get an intact copy.",
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

/// <summary>An image uses features that this version does not know, so that what was asked could do harm or give wrong data.</summary>
public sealed class QedUnsupportedFeatureException : QedFormatException
{
    private QedUnsupportedFeatureException(string path, ulong bits, string message)
        : base(path, message) => Bits = bits;

    /// <summary>The unknown bits of the header field that stands in the way.</summary>
    public ulong Bits { get; }

    internal static QedUnsupportedFeatureException ForOpening(string path, ulong bits) => new(path, bits, string.Format(
        CultureInfo.InvariantCulture,
        "'{0}' uses QED features that QedTools does not know (bits 0x{1:x}), so it is left alone. Use a newer QedTools, or the program that made the image.",
        path,
        bits));

    internal static QedUnsupportedFeatureException ForBackingName(string path, ulong bits) => new(path, bits, string.Format(
        CultureInfo.InvariantCulture,
        "'{0}' has compatible features that QedTools does not know (bits 0x{1:x}), so what follows its header is unknown and no backing file name can be stored there. Convert the image to a new one instead.",
        path,
        bits));
}

/// <summary>A table entry points where no cluster can be, or an image is too damaged for what was asked.</summary>
public sealed class QedCorruptException : QedFormatException
{
    internal QedCorruptException(string path, string what)
        : base(path, $"The image '{path}' is damaged: {what} Test-QedImage lists all damage, Repair-QedImage repairs it.")
    {
    }

    private QedCorruptException(string path, string what, long offset, long length)
        : this(path, what)
    {
        VirtualOffset = offset;
        Length = length;
    }

    /// <summary>Where on the disk that which cannot be read begins, in bytes; null if the error is about the image as a whole.</summary>
    public long? VirtualOffset { get; }

    /// <summary>How much from there on cannot be read, as far as was looked, in bytes; 0 if the error is about the image as a whole.</summary>
    public long Length { get; }

    internal static QedCorruptException ForEntry(string path, string entry, ulong value, string problem, long offset, long length) =>
        new(path, string.Format(CultureInfo.InvariantCulture, "{0} is 0x{1:x}, which {2}.", entry, value, problem), offset, length);

    internal static QedCorruptException ForMissing(string path, string what, long offset, long length) => new(
        path,
        string.Format(CultureInfo.InvariantCulture, "the disk cannot be read at {0}, as {1} lies behind the end of the file.", offset, what),
        offset,
        length);
}
