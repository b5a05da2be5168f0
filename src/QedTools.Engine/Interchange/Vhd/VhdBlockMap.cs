using System;
using System.Globalization;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange.Vhd;

/// <summary>Where the blocks of a dynamic or differencing file are, and which of their sectors hold data.</summary>
/// <remarks>Many threads may read at once; the one writer of a new file allocates blocks at the end of the file.</remarks>
internal sealed class VhdBlockMap
{
    // 1 MiB. A bitmap is whole sectors, so that a page holds nothing else.
    private static readonly PageLayout BitmapPages = new(PageBytes: Sector.Size, MaxPages: 2048);

    private readonly VhdBlocks _blocks;
    private readonly BlockTable _table;
    private readonly byte[] _fullBitmap;
    private readonly long _fileLength;
    private readonly int _alignment;
    private readonly SectorBitmaps _bitmaps;
    private long _end;

    /// <param name="storage">The file.</param>
    /// <param name="blocks">Its block size.</param>
    /// <param name="virtualSize">The disk's size, in bytes.</param>
    /// <param name="tableOffset">Where the block allocation table is, in bytes.</param>
    /// <param name="newEnd">Where the first block of a file that is being created may begin, in bytes; null for one that is read.</param>
    /// <param name="hasParent">Whether the parent shows where a bitmap has no bit.</param>
    public VhdBlockMap(IStorage storage, VhdBlocks blocks, long virtualSize, long tableOffset, long? newEnd, bool hasParent)
    {
        Storage = storage;
        VirtualSize = virtualSize;
        IsNew = newEnd is not null;
        HasParent = hasParent;
        _blocks = blocks;
        _table = new BlockTable(storage, tableOffset, blocks.CountFor(virtualSize), isBigEndian: true);
        _end = newEnd ?? 0;
        _fileLength = storage.Length;
        _alignment = blocks.AlignmentFor(virtualSize, _end);
        _fullBitmap = IsNew && !hasParent ? new byte[blocks.BitmapBytes] : [];
        _fullBitmap.AsSpan().Fill(byte.MaxValue);
        _bitmaps = new SectorBitmaps(
            storage, IsNew ? PageReaders.OfNew(storage) : PageReaders.Until(storage, storage.Length), BitmapPages, highestFirst: true);
    }

    /// <summary>The file.</summary>
    public IStorage Storage { get; }

    /// <summary>The disk's size, in bytes.</summary>
    public long VirtualSize { get; }

    /// <summary>Whether the file is being created.</summary>
    public bool IsNew { get; }

    /// <summary>Whether the parent shows where a bitmap has no bit.</summary>
    public bool HasParent { get; }

    /// <summary>The run at an offset.</summary>
    /// <param name="offset">Where on the disk, in bytes.</param>
    /// <param name="length">How far to look, in bytes; at least 1, not beyond the end of the disk.</param>
    /// <exception cref="QedDamagedFileException">An entry of the table points outside the file.</exception>
    /// <exception cref="QedException">The file could not be read.</exception>
    public DiskRun GetRun(long offset, long length)
    {
        long index = _blocks.IndexOf(offset);
        int within = _blocks.OffsetIn(offset);
        long alike = _table.CountAlike(index, _blocks.CountFor(within + length), out uint entry);
        if (entry == VhdBlocks.Unused)
        {
            return DiskRun.Without(QedExtentState.Unallocated, Math.Min(length, (alike * _blocks.BlockSize) - within));
        }

        long most = Math.Min(length, _blocks.BlockSize - within);
        long data = _blocks.DataOffset(entry);
        if (!IsNew)
        {
            RequireInFile(index, entry, data);
        }

        if (!HasParent)
        {
            // What was never written is zeroes in the block as well, and there are programs that do not write bitmaps.
            return new DiskRun(QedExtentState.Data, data + within, most);
        }

        int sector = within / Sector.Size;
        long sectors = _bitmaps.CountAlike((long)entry * Sector.Size, sector, SectorsCovering(within, most), out bool isData);
        most = Math.Min(most, ((sector + sectors) * Sector.Size) - within);
        return isData ? new DiskRun(QedExtentState.Data, data + within, most) : DiskRun.Without(QedExtentState.Unallocated, most);
    }

    /// <summary>The run at an offset of a file that is being created, in a new block if there was none. From then on the file holds its sectors.</summary>
    /// <param name="offset">Where on the disk, in bytes.</param>
    /// <param name="length">How much is to be written there, in bytes; at least 1. In a differencing file the sectors at both ends are written whole.</param>
    /// <exception cref="QedException">The file could not be written.</exception>
    public DiskRun AllocateAt(long offset, long length)
    {
        long index = _blocks.IndexOf(offset);
        uint entry = _table[index];
        if (entry == VhdBlocks.Unused)
        {
            entry = _blocks.EntryAfter(_end, _alignment);
            if (!HasParent)
            {
                Storage.Write((long)entry * Sector.Size, _fullBitmap);
            }

            _table[index] = entry;
            _end = _blocks.DataOffset(entry) + _blocks.BlockSize;
        }

        int within = _blocks.OffsetIn(offset);
        length = Math.Min(length, _blocks.BlockSize - within);
        if (HasParent)
        {
            _bitmaps.Set((long)entry * Sector.Size, within / Sector.Size, SectorsCovering(within, length));
        }

        return new DiskRun(QedExtentState.Data, _blocks.DataOffset(entry) + within, length);
    }

    /// <summary>Writes what is still in memory of a new file's table and bitmaps.</summary>
    /// <returns>Where the last block ends, in bytes.</returns>
    /// <exception cref="QedException">The file could not be written.</exception>
    public long WriteBack()
    {
        _table.WriteBack();
        _bitmaps.WriteBack();
        return _end;
    }

    private void RequireInFile(long index, uint entry, long data)
    {
        long needed = Math.Min(_blocks.BlockSize, VirtualSize - (index * _blocks.BlockSize));
        if (entry == 0 || data + needed > _fileLength)
        {
            throw new QedDamagedFileException(
                Storage.Path,
                VhdFormat.FormatName,
                string.Format(CultureInfo.InvariantCulture, "entry {0} of the block allocation table", index),
                entry,
                $"4294967295, or the sector of a block inside the file's {_fileLength} bytes");
        }
    }

    private static long SectorsCovering(int within, long length) => ((within + length - 1) / Sector.Size) - (within / Sector.Size) + 1;
}
