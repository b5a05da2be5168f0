using System;
using System.IO;
using QedTools.Qed.Format;

namespace QedTools.Qed.Files;

/// <summary>
/// Traces what an operation finds and changes in one QED file, and where, for experts. All its lines are worded here;
/// adjacent ranges become one line.
/// </summary>
/// <remarks>Offsets with 0x are in the file, those called virtual are on the disk. Only one thread may call at a time.</remarks>
internal sealed class ImageTrace
{
    private readonly Action<string> _write;
    private readonly string _name;
    private readonly QedGeometry _geometry;
    private Stretch _pending;
    private EntryRun _pendingEntries;

    private ImageTrace(Action<string> write, string path, QedGeometry geometry)
    {
        _write = write;
        _geometry = geometry;
        _name = PrintableText.Of(Path.GetFileName(path));
    }

    private enum Change
    {
        None,
        NewData,
        Overwritten,
        Zeroed,
        MarkedZero,
        LeftToBacking,
    }

    /// <summary>The trace of one file; null if the operation is not traced in detail.</summary>
    /// <param name="trace">Receives the lines; may be null.</param>
    /// <param name="path">The file, by the name that the user knows it by.</param>
    /// <param name="geometry">Its sizes.</param>
    public static ImageTrace? Of(OperationTrace? trace, string path, QedGeometry geometry) =>
        trace?.Detail is { } write ? new ImageTrace(write, path, geometry) : null;

    /// <summary>The header as found, and where the L1 table is.</summary>
    public void Header(in QedHeader header, long fileLength)
    {
        long table = (long)header.L1TableOffset;
        long used = _geometry.L1EntriesFor(header.VirtualSize);
        Write(
            $"header: cluster_size {header.ClusterSize}, table_size {header.TableSize}, header_size {header.HeaderSize}, features 0x{(ulong)header.Features:x}, "
            + $"compat_features 0x{header.CompatFeatures:x}, autoclear_features 0x{header.AutoclearFeatures:x}, l1_table_offset 0x{header.L1TableOffset:x}, "
            + $"image_size {header.ImageSize}, backing_filename_offset {header.BackingNameOffset}, backing_filename_size {header.BackingNameSize}.");
        Write(
            $"L1 table at {Range(table, _geometry.TableBytes)}, {used} of {_geometry.EntriesPerTable} entries in use, an L2 table of {_geometry.TableBytes} bytes "
            + $"for each {_geometry.BytesPerL2Table} bytes of the disk; the file has {fileLength} bytes, {_geometry.WholeClusters(fileLength)} whole clusters.");
    }

    /// <summary>A header that was written: the fields that differ from the previous one.</summary>
    public void HeaderWritten(in QedHeader before, in QedHeader after)
    {
        Flush();
        string changes = string.Empty;
        Note("features", (ulong)before.Features, (ulong)after.Features);
        Note("autoclear_features", before.AutoclearFeatures, after.AutoclearFeatures);
        Note("l1_table_offset", before.L1TableOffset, after.L1TableOffset);
        Note("image_size", before.ImageSize, after.ImageSize);
        Note("backing_filename_offset", before.BackingNameOffset, after.BackingNameOffset);
        Note("backing_filename_size", before.BackingNameSize, after.BackingNameSize);
        Write($"header written at 0x0: {(changes.Length == 0 ? "nothing changed" : changes)}.");

        void Note(string field, ulong from, ulong to)
        {
            if (from != to)
            {
                changes += $"{(changes.Length == 0 ? string.Empty : ", ")}{field} 0x{from:x} to 0x{to:x}";
            }
        }
    }

    /// <summary>A backing file's name that was written, before a header points to it.</summary>
    public void BackingNameWritten(long offset, int size) => Write($"backing file name written at {Range(offset, size)}.");

    /// <summary>Whether a check lists the L2 tables: only if checking is the purpose of the operation.</summary>
    public bool ListsTables { get; set; }

    /// <summary>An L2 table that a check found.</summary>
    public void Table(long l1Index, long offset)
    {
        if (ListsTables)
        {
            Write($"entry {l1Index} of the L1 table points to the L2 table at {Range(offset, _geometry.TableBytes)}.");
        }
    }

    /// <summary>A new L2 table.</summary>
    public void TableAdded(long l1Index, long offset, long length) =>
        Write($"new L2 table at {Range(offset, length)}, for entry {l1Index} of the L1 table.");

    /// <summary>An L2 table that was removed.</summary>
    public void TableRemoved(long l1Index, long offset) => Write($"L2 table at 0x{offset:x} removed from entry {l1Index} of the L1 table.");

    /// <summary>Clusters that are now mapped to something else.</summary>
    /// <param name="virtualOffset">Where on the disk, in bytes.</param>
    /// <param name="length">How much of it, in bytes.</param>
    /// <param name="entry">The first cluster's new entry.</param>
    public void Mapped(long virtualOffset, long length, ClusterEntry entry)
    {
        if (entry.IsUnallocated)
        {
            Note(Change.LeftToBacking, virtualOffset, null, length);
        }
        else if (entry.IsZero)
        {
            Note(Change.MarkedZero, virtualOffset, null, length);
        }
        else
        {
            Note(Change.NewData, virtualOffset, entry.Offset, length);
        }
    }

    /// <summary>Data that was overwritten in place.</summary>
    public void Overwritten(long virtualOffset, long offset, long length) => Note(Change.Overwritten, virtualOffset, offset, length);

    /// <summary>Data that was overwritten with zeroes in place.</summary>
    public void Zeroed(long virtualOffset, long offset, long length) => Note(Change.Zeroed, virtualOffset, offset, length);

    /// <summary>A table entry that now points elsewhere, or nowhere.</summary>
    /// <param name="isL1">Whether the table is the L1 table.</param>
    /// <param name="tableOffset">Where the table is, in bytes.</param>
    /// <param name="index">The entry in it.</param>
    /// <param name="offset">Where it points, in bytes; null if it was cleared.</param>
    public void Repointed(bool isL1, long tableOffset, long index, long? offset)
    {
        long step = isL1 ? _geometry.TableBytes : _geometry.ClusterSize;
        EntryRun run = _pendingEntries;
        if (run.Count > 0
            && run.TableOffset == tableOffset
            && run.Index + run.Count == index
            && (offset is null ? run.Target is null : run.Target + (run.Count * step) == offset))
        {
            _pendingEntries = run with { Count = run.Count + 1 };
            return;
        }

        Flush();
        _pendingEntries = new EntryRun(isL1, tableOffset, index, 1, offset);
    }

    /// <summary>Table entries that were written to the file.</summary>
    /// <param name="isL1">Whether they are the L1 table's.</param>
    /// <param name="bytes">How many bytes.</param>
    public void EntriesWritten(bool isL1, long bytes)
    {
        if (bytes > 0)
        {
            Write($"{bytes} bytes of {(isL1 ? "the L1 table" : "L2 tables")} written.");
        }
    }

    /// <summary>Data clusters that were moved from the end of the file into free ones.</summary>
    /// <param name="clusters">How many.</param>
    /// <param name="from">Where the lowest of them was, in bytes.</param>
    /// <param name="lastTarget">Where the last one is now, in bytes.</param>
    public void DataMoved(long clusters, long from, long lastTarget) =>
        Write($"data clusters moved from 0x{from:x} and above into free ones up to 0x{lastTarget:x}: {clusters}.");

    /// <summary>A table that was moved.</summary>
    /// <param name="l1Index">The L2 table's index in the L1 table; negative for the L1 table itself.</param>
    /// <param name="from">Where it was, in bytes.</param>
    /// <param name="to">Where it is now, in bytes.</param>
    public void TableMoved(long l1Index, long from, long to) =>
        Write($"{(l1Index < 0 ? "L1 table" : $"L2 table of entry {l1Index}")} moved from 0x{from:x} to 0x{to:x}.");

    /// <summary>A new length of the file.</summary>
    public void Resized(long length) => Write($"file length set to {length} bytes (0x{length:x}).");

    /// <summary>Writes the lines that are still pending.</summary>
    public void Flush()
    {
        FlushEntries();
        Stretch stretch = _pending;
        _pending = default;
        string disk = $"virtual {stretch.VirtualOffset}-{stretch.VirtualOffset + stretch.Length - 1}";
        string? text = stretch.Change switch
        {
            Change.NewData => $"{disk} now in new clusters at {Range(stretch.Offset!.Value, stretch.Length)}.",
            Change.Overwritten => $"{disk} overwritten at {Range(stretch.Offset!.Value, stretch.Length)}.",
            Change.Zeroed => $"{disk} overwritten with zeroes at {Range(stretch.Offset!.Value, stretch.Length)}.",
            Change.MarkedZero => $"{disk} marked as zeroes.",
            Change.LeftToBacking => $"{disk} now unallocated.",
            _ => null,
        };
        if (text is not null)
        {
            _write($"{_name}: {text}");
        }
    }

    private static string Range(long offset, long length) => $"0x{offset:x}-0x{offset + length - 1:x}";

    private void Note(Change change, long virtualOffset, long? offset, long length)
    {
        FlushEntries();
        if (_pending.Change == change
            && _pending.VirtualOffset + _pending.Length == virtualOffset
            && (offset is null || _pending.Offset + _pending.Length == offset))
        {
            _pending = _pending with { Length = _pending.Length + length };
            return;
        }

        Flush();
        _pending = new Stretch(change, virtualOffset, offset, length);
    }

    private void FlushEntries()
    {
        EntryRun run = _pendingEntries;
        _pendingEntries = default;
        if (run.Count == 0)
        {
            return;
        }

        string table = run.IsL1 ? "the L1 table" : $"the L2 table at 0x{run.TableOffset:x}";
        string which = run.Count == 1 ? $"entry {run.Index}" : $"entries {run.Index} to {run.Index + run.Count - 1}";
        string effect = run.Target is { } target
            ? $"{(run.Count == 1 ? "now points" : "now point")} to {Range(target, run.Count * (run.IsL1 ? _geometry.TableBytes : _geometry.ClusterSize))}"
            : "cleared";
        _write($"{_name}: {which} of {table} {effect}.");
    }

    private void Write(string text)
    {
        Flush();
        _write($"{_name}: {text}");
    }

    private readonly record struct Stretch(Change Change, long VirtualOffset, long? Offset, long Length);

    private readonly record struct EntryRun(bool IsL1, long TableOffset, long Index, long Count, long? Target);
}
