using System.Collections.Generic;

namespace QedTools.Qed.Checking;

/// <summary>Collects repairs. Adjacent ones of the same kind are merged, and only the first 10,000 are kept.</summary>
internal sealed class RepairLog
{
    private const int MaxKept = 10_000;

    private readonly List<QedRepair> _kept = [];
    private QedRepair? _open;

    /// <summary>How many repairs were noted.</summary>
    public long Count { get; private set; }

    /// <summary>How much of the disk is lost, in bytes: its entries point nowhere, or the file ends before them or before its data.</summary>
    public long ClearedBytes { get; private set; }

    /// <summary>The first repairs.</summary>
    public IReadOnlyList<QedRepair> Kept
    {
        get
        {
            Close();
            return new ResultList<QedRepair>(_kept.ToArray());
        }
    }

    /// <summary>Notes the repair of one table entry.</summary>
    /// <param name="kind">What was done.</param>
    /// <param name="entryOffset">Where the entry is in the file, in bytes.</param>
    /// <param name="virtualOffset">Where the part of the disk that it maps begins, in bytes.</param>
    /// <param name="length">How much of the disk it maps, in bytes.</param>
    public void Add(QedRepairKind kind, long entryOffset, long virtualOffset, long length)
    {
        ClearedBytes += kind is QedRepairKind.TableEntryCleared or QedRepairKind.EntriesCleared ? length : 0;
        if (_open is { } open
            && open.Kind == kind
            && kind is not (QedRepairKind.TableEntryCleared or QedRepairKind.TableCopied)
            && open.VirtualOffset + open.Length == virtualOffset)
        {
            _open = QedRepair.ForEntries(kind, open.Offset ?? entryOffset, open.VirtualOffset ?? virtualOffset, open.Length + length);
            return;
        }

        Close();
        _open = QedRepair.ForEntries(kind, entryOffset, virtualOffset, length);
    }

    /// <summary>Notes that a part of the disk is lost, for another reason than an entry that is cleared.</summary>
    /// <param name="bytes">How much, in bytes.</param>
    public void AddLost(long bytes) => ClearedBytes += bytes;

    /// <summary>Notes a repair of the file as a whole, or of something that is cut short.</summary>
    public void Add(QedRepair repair)
    {
        Close();
        _open = repair;
    }

    private void Close()
    {
        if (_open is not { } open)
        {
            return;
        }

        Count++;
        if (_kept.Count < MaxKept)
        {
            _kept.Add(open);
        }

        _open = null;
    }
}
