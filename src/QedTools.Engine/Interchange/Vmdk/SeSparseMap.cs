using System;
using System.Globalization;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange.Vmdk;

/// <summary>Where the grains of a space-efficient sparse extent are. Safe for several readers.</summary>
/// <param name="storage">The file.</param>
/// <param name="header">Its header, validated.</param>
internal sealed class SeSparseMap(IStorage storage, SeSparseHeader header)
{
    /// <summary>A grain's size, in bytes.</summary>
    public const int GrainSize = SeSparseHeader.GrainSectors * Sector.Size;

    /// <summary>How many entries a grain table has.</summary>
    public const int EntriesPerTable = TableBytes / sizeof(ulong);

    private const int TableBytes = SeSparseHeader.TableSectors * Sector.Size;

    // An entry of the directory: its upper half is this, its lower half the table's number.
    private const ulong TableMark = 0x10000000;

    private readonly long _fileLength = storage.Length;
    private readonly PageCache<ulong> _pages = new(
        storage, PageReaders.Until(storage, storage.Length), new PageLayout(PageBytes: 32 << 10, MaxPages: 64));

    /// <summary>The run at an offset.</summary>
    /// <param name="offset">Where on the disk, in bytes.</param>
    /// <param name="length">How far to look, in bytes; at least 1, not beyond the end of the disk.</param>
    /// <exception cref="QedDamagedFileException">An entry is not one that the format has, or points outside the file.</exception>
    /// <exception cref="QedException">The file could not be read.</exception>
    public DiskRun GetRun(long offset, long length)
    {
        long grain = offset / GrainSize;
        int within = (int)(offset % GrainSize);
        long most = ((within + length - 1) / GrainSize) + 1;
        long number = grain / EntriesPerTable;
        ReadOnlySpan<ulong> directory = _pages.From(SectorOffset(header.DirectoryOffset) + (number * sizeof(ulong)));
        ulong entry = directory[0];
        if (entry == 0)
        {
            int tables = CountZero(directory, ((grain % EntriesPerTable) + most - 1) / EntriesPerTable + 1);
            return DiskRun.Without(QedExtentState.Unallocated, Math.Min(length, (((number + tables) * EntriesPerTable) - grain) * GrainSize - within));
        }

        int index = (int)(grain % EntriesPerTable);
        ReadOnlySpan<ulong> table = _pages.From(TableOffset(number, entry) + (index * sizeof(ulong)));
        table = table.Slice(0, (int)Math.Min(Math.Min(table.Length, EntriesPerTable - index), most));
        return RunOf(table, grain, within, length);
    }

    private static long SectorOffset(ulong sector) => (long)sector * Sector.Size;

    private static int CountZero(ReadOnlySpan<ulong> entries, long most)
    {
        int count = 1;
        int end = (int)Math.Min(entries.Length, most);
        while (count < end && entries[count] == 0)
        {
            count++;
        }

        return count;
    }

    // The upper four bits tell what a grain is: not there, discarded by the guest, zero, or stored.
    private static QedExtentState? StateOf(ulong entry) => (entry >> 60) switch
    {
        0 when entry == 0 => QedExtentState.Unallocated,
        1 or 2 => QedExtentState.Zero,
        3 => QedExtentState.Data,
        _ => null,
    };

    // The number of a stored grain: its lower twelve bits are the entry's bits 48 to 59.
    private static ulong NumberOf(ulong entry) => ((entry >> 48) & 0xFFF) | ((entry & 0xFFFF_FFFF_FFFF) << 12);

    private DiskRun RunOf(ReadOnlySpan<ulong> table, long grain, int within, long length)
    {
        ulong entry = table[0];
        QedExtentState state = StateOf(entry) ?? throw Damaged(grain, entry);
        ulong first = NumberOf(entry);
        long place = state == QedExtentState.Data ? PlaceOf(first) ?? throw Damaged(grain, entry) : 0;
        int count = 1;
        while (count < table.Length
            && table[count] is var next
            && StateOf(next) == state
            && (state != QedExtentState.Data || (NumberOf(next) == first + (ulong)count && PlaceOf(NumberOf(next)) is not null)))
        {
            count++;
        }

        return new DiskRun(state, state == QedExtentState.Data ? place + within : 0, Math.Min(length, ((long)count * GrainSize) - within));
    }

    // Null for a grain that is not entirely inside the file.
    private long? PlaceOf(ulong number)
    {
        long first = SectorOffset(header.GrainsOffset);
        return number < (ulong)((_fileLength - first) / GrainSize) ? first + ((long)number * GrainSize) : null;
    }

    private long TableOffset(long number, ulong entry)
    {
        long first = SectorOffset(header.TablesOffset);
        ulong table = entry & uint.MaxValue;
        return entry >> 32 == TableMark && table < (ulong)((_fileLength - first) / TableBytes)
            ? first + ((long)table * TableBytes)
            : throw new QedDamagedFileException(
                storage.Path,
                VmdkFormat.FormatName,
                string.Format(CultureInfo.InvariantCulture, "entry {0} of the grain directory", number),
                entry,
                $"0, or the number of a table inside the file's {_fileLength} bytes");
    }

    private QedDamagedFileException Damaged(long grain, ulong entry) => new(
        storage.Path,
        VmdkFormat.FormatName,
        string.Format(CultureInfo.InvariantCulture, "the grain table entry of grain {0}", grain),
        string.Format(CultureInfo.InvariantCulture, "0x{0:x16}", entry),
        $"0, one of a grain of zeroes, or one of a grain inside the file's {_fileLength} bytes");
}
