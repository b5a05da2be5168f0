using System.Globalization;

namespace QedTools;

/// <summary>One wrong table entry.</summary>
/// <param name="Kind">What is wrong with it.</param>
/// <param name="L1Index">
/// Its index in the L1 table, or the index of the L2 table it is in. If the L1 table itself is cut short: the first missing entry.
/// </param>
/// <param name="L2Index">Its index in the L2 table; null for an entry of the L1 table.</param>
/// <param name="VirtualOffset">Where the part of the disk that it maps begins, in bytes.</param>
/// <param name="Value">The entry as stored.</param>
public sealed record QedCorruption(QedCorruptionKind Kind, long L1Index, long? L2Index, long VirtualOffset, ulong Value)
{
    /// <summary>How much of the cluster or table is past the end of the file, in bytes; 0 unless it is cut short.</summary>
    public long MissingBytes { get; init; }

    /// <summary>The entry and its fault in one line.</summary>
    public override string ToString() => string.Format(
        CultureInfo.InvariantCulture,
        "{0}: L1[{1}]{2} = 0x{3:x}, virtual offset {4}{5}",
        Kind,
        L1Index,
        L2Index is { } index ? string.Format(CultureInfo.InvariantCulture, " L2[{0}]", index) : string.Empty,
        Value,
        VirtualOffset,
        MissingBytes > 0 ? string.Format(CultureInfo.InvariantCulture, ", {0} bytes missing", MissingBytes) : string.Empty);
}
