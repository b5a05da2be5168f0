using System;
using QedTools.Disks;
using QedTools.Interchange.Vhdx.Format;
using QedTools.Storage;

namespace QedTools.Interchange.Vhdx;

/// <summary>Finds what the file holds of the disk, from the block allocation table and the sector bitmaps; every entry is checked when it is used.</summary>
internal sealed class BlockMap
{
    // 8 MiB of the table, and 8 MiB of bitmaps.
    private static readonly PageLayout PagesOfEach = new(PageBytes: 64 << 10, MaxPages: 128);

    // The most blocks in one run of data, so that a caller that continues after a hole in the host's file does not scan all of it again.
    private const int MaxBlocks = 4096;

    private readonly IStorage _file;
    private readonly PageCache<ulong> _entries;
    private readonly SectorBitmaps _bitmaps;
    private readonly FileRegions _regions;
    private readonly VhdxGeometry _geometry;
    private readonly bool _hasParent;
    private long _end;

    // The block allocated last, while nothing but zeroes is stored in it; -1 for none.
    private long _zeroBlock = -1;

    /// <param name="file">The file, its log replayed.</param>
    /// <param name="regions">The parts of it where no block may be.</param>
    /// <param name="geometry">The disk's sizes.</param>
    /// <param name="hasParent">Whether it has a parent.</param>
    /// <param name="isNew">Whether the file is being created.</param>
    /// <exception cref="QedDamagedFileException">The BAT region is too short for the disk.</exception>
    public BlockMap(IStorage file, FileRegions regions, in VhdxGeometry geometry, bool hasParent, bool isNew)
    {
        _file = file;
        PageReader read = isNew ? PageReaders.OfNew(file) : PageReaders.Until(file, file.Length);
        _entries = new PageCache<ulong>(file, read, PagesOfEach);
        _bitmaps = new SectorBitmaps(file, read, PagesOfEach, highestFirst: false);
        _regions = regions;
        _geometry = geometry;
        _hasParent = hasParent;
        _end = file.Length;
        long needed = (hasParent ? geometry.BatEntriesWithParent : geometry.BatEntries) * BatEntry.Size;
        VhdxDamage.Require(
            regions.Bat.Length >= needed, file.Path, "Length of the BAT region", (ulong)regions.Bat.Length, $"at least {needed} bytes for a disk of that size");
    }

    /// <summary>What the file holds from an offset on.</summary>
    /// <param name="offset">Where on the disk, in bytes.</param>
    /// <param name="length">How far to look, in bytes; at least 1, not beyond the disk's end.</param>
    /// <returns>A run of at most that length; what follows it may continue it.</returns>
    /// <exception cref="QedDamagedFileException">An entry is not allowed.</exception>
    /// <exception cref="QedException">The file could not be read.</exception>
    public DiskRun GetRun(long offset, long length)
    {
        long block = _geometry.BlockAt(offset);
        int within = _geometry.OffsetInBlock(offset);
        BatEntry entry = EntryOf(block);
        if (entry.State == PayloadBlockState.PartiallyPresent)
        {
            return SectorRunAt(offset, Math.Min(length, _geometry.BlockSize - within), (long)entry.FileOffset + within);
        }

        long run = _geometry.BlockSize - within;
        if (entry.State == PayloadBlockState.FullyPresent)
        {
            long fileOffset = (long)entry.FileOffset + within;
            length = Math.Min(length, _geometry.BlockStart(MaxBlocks) - within);
            while (run < length && EntryOf(block + 1).Value == entry.Value + (ulong)_geometry.BlockSize)
            {
                block++;
                entry = EntryOf(block);
                run += _geometry.BlockSize;
            }

            return new DiskRun(QedExtentState.Data, fileOffset, Math.Min(run, length));
        }

        while (run < length)
        {
            long alike = CountAlike(block + 1, entry, _geometry.BlocksCovering(length - run));
            if (alike == 0)
            {
                break;
            }

            block += alike;
            run += _geometry.BlockStart(alike);
        }

        return DiskRun.Without(entry.State == PayloadBlockState.NotPresent ? QedExtentState.Unallocated : QedExtentState.Zero, Math.Min(run, length));
    }

    /// <summary>Allocates a block at the end of a new file.</summary>
    /// <param name="block">The block, which is not allocated yet.</param>
    /// <exception cref="QedException">The file could not be read or written.</exception>
    public void Allocate(long block) => Place(block, PayloadBlockState.FullyPresent);

    /// <summary>The run at an offset of a new file, in a new block if there was none. From then on the file holds its sectors.</summary>
    /// <param name="offset">Where on the disk, in bytes.</param>
    /// <param name="length">How much is to be written there, in bytes; at least 1. In a differencing file the sectors at both ends are written whole.</param>
    /// <exception cref="QedException">The file could not be read or written.</exception>
    public DiskRun Store(long offset, long length)
    {
        long block = _geometry.BlockAt(offset);
        length = Math.Min(length, _geometry.BlockSize - _geometry.OffsetInBlock(offset));
        BatEntry entry = EntryOf(block);
        if (entry.State is not (PayloadBlockState.FullyPresent or PayloadBlockState.PartiallyPresent))
        {
            // A block that is not the parent's reads as zeroes so far, and so does its place in the file.
            bool isWhole = !_hasParent || entry.State != PayloadBlockState.NotPresent || length == _geometry.ShownBytes(block);
            entry = Place(block, isWhole ? PayloadBlockState.FullyPresent : PayloadBlockState.PartiallyPresent);
        }

        _zeroBlock = _zeroBlock == block ? -1 : _zeroBlock;
        if (entry.State == PayloadBlockState.PartiallyPresent && StoreSectors(block, offset, length))
        {
            _entries.Set(EntryOffset(_geometry.BatIndex(block)), BatEntry.FullyPresentAt((long)entry.FileOffset).Value);
        }

        return new DiskRun(QedExtentState.Data, (long)entry.FileOffset + _geometry.OffsetInBlock(offset), length);
    }

    /// <summary>Makes a new differencing file hold zeroes from an offset on, where it holds nothing. A block of zeroes alone is not allocated.</summary>
    /// <param name="offset">Where on the disk, in bytes.</param>
    /// <param name="length">For how many bytes at most.</param>
    /// <returns>For how many it was done; at least 1.</returns>
    /// <exception cref="QedException">The file could not be read or written.</exception>
    public long StoreZeroes(long offset, long length)
    {
        long block = _geometry.BlockAt(offset);
        length = Math.Min(length, _geometry.BlockSize - _geometry.OffsetInBlock(offset));
        BatEntry entry = EntryOf(block);
        if (entry.State == PayloadBlockState.NotPresent)
        {
            if (length == _geometry.ShownBytes(block))
            {
                _entries.Set(EntryOffset(_geometry.BatIndex(block)), BatEntry.OfZeroes.Value);
                return length;
            }

            entry = Place(block, PayloadBlockState.PartiallyPresent);
            _zeroBlock = block;
        }

        if (StoreSectors(block, offset, length))
        {
            bool isZero = _zeroBlock == block;
            _entries.Set(
                EntryOffset(_geometry.BatIndex(block)), isZero ? BatEntry.OfZeroes.Value : BatEntry.FullyPresentAt((long)entry.FileOffset).Value);
            if (isZero)
            {
                // The block is the last one in the file, and nothing was written to it.
                _end = (long)entry.FileOffset;
                _zeroBlock = -1;
            }
        }

        return length;
    }

    /// <summary>Writes the table of a new file, and gives the file its length.</summary>
    /// <exception cref="QedException">The file could not be written.</exception>
    public void WriteBack()
    {
        _entries.WriteBack();
        _bitmaps.WriteBack();
        if (_file.Length < _end)
        {
            _file.SetLength(_end);
        }
    }

    private long EntryOffset(long index) => _regions.Bat.Start + (index * BatEntry.Size);

    private BatEntry EntryAt(long index) => new(_entries.From(EntryOffset(index))[0]);

    private BatEntry EntryOf(long block)
    {
        BatEntry entry = EntryAt(_geometry.BatIndex(block));
        switch (entry.State)
        {
            case PayloadBlockState.FullyPresent:
            case PayloadBlockState.PartiallyPresent when _hasParent:
                RequireInside(entry, _geometry.ShownBytes(block), "block", block);
                return entry;
            case PayloadBlockState.NotPresent or PayloadBlockState.Undefined or PayloadBlockState.Zero or PayloadBlockState.Unmapped or PayloadBlockState.UnmappedBefore:
                return entry;
            default:
                throw VhdxDamage.Of(
                    _file.Path, $"the BAT entry of block {block}", entry, $"one with the state 0, 1, 2, 3 or 6 in its lowest three bits{(_hasParent ? ", or 7" : string.Empty)}");
        }
    }

    private void RequireInside(BatEntry entry, long length, string kind, long number)
    {
        if (entry.FileOffset > (ulong)_end || length > _end - (long)entry.FileOffset)
        {
            throw VhdxDamage.Of(_file.Path, $"the BAT entry of {kind} {number}", entry, $"one whose {length} bytes are inside the file's {_end}");
        }

        if (_regions.At((long)entry.FileOffset, length) is { } region)
        {
            throw VhdxDamage.Of(_file.Path, $"the BAT entry of {kind} {number}", entry, $"one outside {region.Name} at {region.Start}");
        }
    }

    // How many blocks from one on have exactly the given entry of a block without data.
    private long CountAlike(long block, BatEntry entry, long most)
    {
        ReadOnlySpan<ulong> entries = _entries.From(EntryOffset(_geometry.BatIndex(block)));
        int count = (int)Math.Min(entries.Length, Math.Min(most, _geometry.BlocksLeftInChunk(block)));
        return count == 0 || entries[0] != entry.Value ? 0 : EntryScan.CountEqual(entries.Slice(0, count), entry.Value);
    }

    private DiskRun SectorRunAt(long offset, long length, long fileOffset)
    {
        long chunk = _geometry.ChunkOf(_geometry.BlockAt(offset));
        BatEntry entry = EntryAt(_geometry.SectorBitmapIndex(chunk));
        if (entry.State != PayloadBlockState.FullyPresent)
        {
            throw VhdxDamage.Of(
                _file.Path, $"the BAT entry of sector bitmap {chunk}", entry, "one with the state 6 in its lowest three bits, because a block of the chunk is partially present");
        }

        RequireInside(entry, VhdxGeometry.SectorBitmapBlockSize, "sector bitmap", chunk);
        long sectors = _bitmaps.CountAlike((long)entry.FileOffset, _geometry.SectorInChunk(offset), _geometry.SectorsCovering(offset, length), out bool isHere);
        long run = Math.Min(length, _geometry.ReachOf(offset, sectors));
        return isHere ? new DiskRun(QedExtentState.Data, fileOffset, run) : DiskRun.Without(QedExtentState.Unallocated, run);
    }

    // Records that sectors of a partially present block are in the file; returns whether all of them are now.
    private bool StoreSectors(long block, long offset, long length)
    {
        long bitmap = (long)EntryAt(_geometry.SectorBitmapIndex(_geometry.ChunkOf(block))).FileOffset;
        long first = _geometry.SectorInChunk(offset);
        long count = _geometry.SectorsCovering(offset, length);
        _bitmaps.Set(bitmap, first, count);

        // All of the block's bits need to be examined only if the neighbouring sectors are stored.
        long start = _geometry.SectorInChunk(_geometry.BlockStart(block));
        long all = _geometry.SectorsCovering(_geometry.BlockStart(block), _geometry.ShownBytes(block));
        return (first == start || IsStored(first - 1))
            && (first + count == start + all || IsStored(first + count))
            && _bitmaps.CountAlike(bitmap, start, all, out bool isSet) == all && isSet;

        bool IsStored(long sector)
        {
            _bitmaps.CountAlike(bitmap, sector, 1, out bool isHere);
            return isHere;
        }
    }

    // A block that is partially present needs its chunk's sector bitmap (2.5.1.2).
    private BatEntry Place(long block, PayloadBlockState state)
    {
        long bitmapIndex = _geometry.SectorBitmapIndex(_geometry.ChunkOf(block));
        if (state == PayloadBlockState.PartiallyPresent && EntryAt(bitmapIndex).State != PayloadBlockState.FullyPresent)
        {
            _entries.Set(EntryOffset(bitmapIndex), BatEntry.FullyPresentAt(_end).Value);
            _end += VhdxGeometry.SectorBitmapBlockSize;
        }

        BatEntry entry = BatEntry.At(_end, state);
        _entries.Set(EntryOffset(_geometry.BatIndex(block)), entry.Value);
        _end += _geometry.BlockSize;
        _zeroBlock = -1;
        return entry;
    }
}
