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
        string names = string.Join(", ", cut.Take(MaxNamed));
        return new QedShrinkException(path, size, end, string.Format(
            CultureInfo.InvariantCulture,
            "{1} is not possible for '{0}': {2} {3}{4} would lose data. The last one ends at {5}.",
            path,
            Phrase("SizeBytes", size),
            cut.Count == 1 ? "partition" : "partitions",
            names,
            cut.Count > MaxNamed ? string.Format(CultureInfo.InvariantCulture, " and {0} more", cut.Count - MaxNamed) : string.Empty,
            ByteSize.FormatExact(end)));
    }
}
