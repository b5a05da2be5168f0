using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace QedTools;

/// <summary>A disk has no partition of the requested number, or not all of it is there.</summary>
public sealed class QedPartitionNotFoundException : QedException
{
    private const int MaxNamed = 16;

    private QedPartitionNotFoundException(string path, int number, string message)
        : base(path, message) => Number = number;

    /// <summary>The requested number.</summary>
    public int Number { get; }

    /// <param name="path">The image.</param>
    /// <param name="number">The requested number.</param>
    /// <param name="there">What there is.</param>
    internal static QedPartitionNotFoundException ForNumber(string path, int number, IReadOnlyList<QedPartition> there) =>
        new(path, number, string.Format(CultureInfo.InvariantCulture, "'{0}' has no partition {1}. {2}", path, number, Names(there)));

    /// <param name="path">The image.</param>
    /// <param name="number">The requested number.</param>
    /// <param name="end">Where it ends, in bytes.</param>
    /// <param name="diskLength">The size of the disk, in bytes.</param>
    internal static QedPartitionNotFoundException ForEnd(string path, int number, long end, long diskLength) => new(path, number, string.Format(
        CultureInfo.InvariantCulture, "Partition {1} of '{0}' is not all there: it ends at {2} bytes, and the disk at {3}.", path, number, end, diskLength));

    private static string Names(IReadOnlyList<QedPartition> there)
    {
        QedPartition[] partitions = [.. there.Where(one => one.Number != QedPartition.WholeDisk)];
        if (partitions.Length == 0)
        {
            return there.Count == 0 ? "Its partition table is empty." : there[0].FileSystem is { } fileSystem
                ? $"It has no partition table; {fileSystem} is on the disk as a whole, which has the number {QedPartition.WholeDisk}."
                : "It has no partition table.";
        }

        string names = string.Join(", ", partitions.Take(MaxNamed));
        return partitions.Length > MaxNamed
            ? string.Format(CultureInfo.InvariantCulture, "It has {0} and {1} more.", names, partitions.Length - MaxNamed)
            : $"It has {names}.";
    }
}
