using System.Globalization;

namespace QedTools;

/// <summary>One repair, of one table entry or of several of the same kind side by side.</summary>
/// <param name="Kind">What was done.</param>
/// <param name="Offset">Where in the file the repaired entries are, in bytes; null for what concerns the file as a whole.</param>
/// <param name="VirtualOffset">Where on the disk what they map begins, in bytes; null for what concerns the file as a whole.</param>
/// <param name="Length">How much of the disk they map, in bytes; for leaks, how much of the file was given back.</param>
/// <param name="Description">The same in words, as an order.</param>
public sealed record QedRepair(QedRepairKind Kind, long? Offset, long? VirtualOffset, long Length, string Description)
{
    /// <summary>What was done, in words.</summary>
    public override string ToString() => Description;

    internal static QedRepair ForEntries(QedRepairKind kind, long entryOffset, long virtualOffset, long length) => new(
        kind, entryOffset, virtualOffset, length, string.Format(CultureInfo.InvariantCulture, Wording(kind), virtualOffset, length));

    internal static QedRepair ForPadding(long entryOffset, long virtualOffset, long length, long missing) => new(
        QedRepairKind.CutShortPadded, entryOffset, virtualOffset, length, string.Format(
            CultureInfo.InvariantCulture,
            length == 0
                ? "Make what was cut short at the end of the file whole again: {2} bytes of entries for what lies behind the end of the disk become zeroes."
                : "Make what was cut short at the end of the file whole again: of what maps or holds the {1} bytes from {0} on, {2} bytes are lost and become zeroes.",
            virtualOffset,
            length,
            missing));

    internal static QedRepair ForLeaks(long bytes) => new(
        QedRepairKind.LeaksRemoved, null, null, bytes, string.Format(
            CultureInfo.InvariantCulture, "Give {0} bytes of the file back that nothing refers to.", bytes));

    internal static QedRepair ForNeedCheck() => new(
        QedRepairKind.NeedCheckCleared, null, null, 0, "Remove the mark of an image that was not closed cleanly.");

    private static string Wording(QedRepairKind kind) => kind switch
    {
        QedRepairKind.TableEntryCleared => "Clear a table pointer that leads nowhere: the {1} bytes from {0} on then read as the backing file does, or as zeroes.",
        QedRepairKind.TableCopied => "Copy a table that shares clusters with another, with all its data: the {1} bytes from {0} on are unchanged.",
        QedRepairKind.EntriesCleared => "Clear entries that lead nowhere: the {1} bytes from {0} on then read as the backing file does, or as zeroes.",
        QedRepairKind.EntriesBeyondEndCleared => "Clear entries behind the end of the disk: the {1} bytes from {0} on are no part of it.",
        _ => "Copy data that belongs to two places: the {1} bytes from {0} on are unchanged.",
    };
}
