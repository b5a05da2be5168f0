using System.Globalization;

namespace QedTools;

/// <summary>A table entry points where no cluster can be, or an image is too damaged for what was asked.</summary>
public sealed class QedCorruptException : QedFormatException
{
    internal QedCorruptException(string path, string what)
        : base(path, $"The image '{path}' is damaged: {what}")
    {
    }

    private QedCorruptException(string path, string what, long offset, long length)
        : this(path, what)
    {
        VirtualOffset = offset;
        Length = length;
    }

    /// <inheritdoc/>
    public override QedRemedy Remedy => QedRemedy.RepairImage;

    /// <summary>Where on the disk the unreadable range begins, in bytes; null if the error is about the image as a whole.</summary>
    public long? VirtualOffset { get; }

    /// <summary>The length of the unreadable range, as far as was examined, in bytes; 0 if the error is about the image as a whole.</summary>
    public long Length { get; }

    internal static QedCorruptException ForEntry(string path, string entry, ulong value, string problem, long offset, long length) =>
        new(path, string.Format(CultureInfo.InvariantCulture, "{0} is 0x{1:x}, which {2}.", entry, value, problem), offset, length);

    internal static QedCorruptException ForMissing(string path, string what, long offset, long length) => new(
        path,
        string.Format(CultureInfo.InvariantCulture, "the disk cannot be read at {0}, because {1} is beyond the end of the file.", offset, what),
        offset,
        length);
}
