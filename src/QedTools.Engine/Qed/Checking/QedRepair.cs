using System.Globalization;

namespace QedTools;

/// <summary>One repair, of one table entry or of several adjacent ones of the same kind.</summary>
/// <param name="Kind">What was done.</param>
/// <param name="Offset">Where the repaired entries are in the file, in bytes; null for a repair of the file as a whole.</param>
/// <param name="VirtualOffset">Where the part of the disk that they map begins, in bytes; null for a repair of the file as a whole.</param>
/// <param name="Length">How much of the disk they map, in bytes; for leaks, how much of the file was freed.</param>
/// <param name="Description">The repair in words, in the imperative.</param>
public sealed record QedRepair(QedRepairKind Kind, long? Offset, long? VirtualOffset, long Length, string Description)
{
    /// <summary>What was done, in words.</summary>
    public override string ToString() => Description;

    internal static QedRepair ForEntries(QedRepairKind kind, long entryOffset, long virtualOffset, long length) => new(
        kind, entryOffset, virtualOffset, length, string.Format(CultureInfo.InvariantCulture, Wording(kind), virtualOffset, length));

    internal static QedRepair ForPaddedData(long entryOffset, long virtualOffset, long length, long lost) => new(
        QedRepairKind.CutShortPadded, entryOffset, virtualOffset, length, string.Format(
            CultureInfo.InvariantCulture,
            lost == 0
                ? "Pad a cluster that is cut short at the end of the file: what is missing is past the end of the disk."
                : "Pad a cluster that is cut short at the end of the file: of the {1} bytes from offset {0} on, the last {2} bytes are lost and become zeroes.",
            virtualOffset,
            length,
            lost));

    internal static QedRepair ForPaddedTable(long entryOffset, long virtualOffset, long length, long missing, long lost) => new(
        QedRepairKind.CutShortPadded, entryOffset, virtualOffset, length, string.Format(
            CultureInfo.InvariantCulture,
            lost == 0
                ? "Pad a table that is cut short at the end of the file: its {0} missing bytes, entries past the end of the disk, become zeroes."
                : "Pad a table that is cut short at the end of the file by {0} bytes: the {2} bytes from offset {1} on then read from the backing file, or as zeroes.",
            missing,
            virtualOffset + length - lost,
            lost));

    internal static QedRepair ForLeaks(long bytes) => new(
        QedRepairKind.LeaksRemoved, null, null, bytes, string.Format(
            CultureInfo.InvariantCulture, "Free {0} bytes of the file that nothing refers to.", bytes));

    internal static QedRepair ForNeedCheck() => new(
        QedRepairKind.NeedCheckCleared, null, null, 0, "Clear the need-check bit, which marks an image that was not closed cleanly.");

    private static string Wording(QedRepairKind kind) => kind switch
    {
        QedRepairKind.TableEntryCleared => "Clear a table pointer that points nowhere: the {1} bytes from offset {0} on then read from the backing file, or as zeroes.",
        QedRepairKind.TableCopied => "Copy a table that shares clusters with another, with all its data: the {1} bytes from offset {0} on are unchanged.",
        QedRepairKind.EntriesCleared => "Clear entries that point nowhere: the {1} bytes from offset {0} on then read from the backing file, or as zeroes.",
        QedRepairKind.EntriesBeyondEndCleared => "Clear entries past the end of the disk: the {1} bytes from offset {0} on are not part of it.",
        _ => "Copy data that two entries point to: the {1} bytes from offset {0} on are unchanged.",
    };
}
