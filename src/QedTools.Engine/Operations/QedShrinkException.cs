using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace QedTools;

/// <summary>A disk would become smaller than it is, or than its partitions need, and that was not allowed.</summary>
public sealed class QedShrinkException : QedRequestException
{
    private const int MaxNamed = 8;

    /// <param name="path">The image.</param>
    /// <param name="size">The requested size, in bytes.</param>
    /// <param name="present">The current size, in bytes.</param>
    internal QedShrinkException(string path, long size, long present)
        : base(
            path,
            "SizeBytes",
            size,
            $"{present} bytes or more",
            string.Format(
                CultureInfo.InvariantCulture,
                "{1} is not possible for '{0}'. Allowed: {2} or more, its current size, unless the data beyond the new end may be lost.",
                path,
                Phrase("SizeBytes", size),
                ByteSize.FormatExact(present)),
            QedRemedy.AllowShrinking)
    {
    }

    private QedShrinkException(string path, long size, long end, string message)
        : base(path, "SizeBytes", size, $"{end} bytes or more", message, QedRemedy.ShrinkPartitions)
    {
    }

    /// <summary>The error for partitions that would lose a part.</summary>
    /// <param name="path">The image.</param>
    /// <param name="size">The requested size, in bytes.</param>
    /// <param name="cut">The partitions; at least one.</param>
    internal static QedShrinkException ForPartitions(string path, long size, IReadOnlyList<QedPartition> cut)
    {
        long end = cut.Max(one => one.End);
        return new QedShrinkException(path, size, end, string.Format(
            CultureInfo.InvariantCulture,
            "{1} for '{0}' would cut off data of {2}. The last one ends at {3}.",
            path,
            Phrase("SizeBytes", size),
            NamesOf(cut),
            ByteSize.FormatExact(end)));
    }

    /// <summary>Partitions by their names, at most eight of them.</summary>
    /// <param name="partitions">The partitions; at least one.</param>
    internal static string NamesOf(IReadOnlyList<QedPartition> partitions) => string.Format(
        CultureInfo.InvariantCulture,
        "{0} {1}{2}",
        partitions.Count == 1 ? "partition" : "partitions",
        string.Join(", ", partitions.Take(MaxNamed)),
        partitions.Count > MaxNamed ? string.Format(CultureInfo.InvariantCulture, " and {0} more", partitions.Count - MaxNamed) : string.Empty);
}
