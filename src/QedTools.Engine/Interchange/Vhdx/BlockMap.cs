using System;
using QedTools.Disks;
using QedTools.Interchange.Vhdx.Format;
using QedTools.Storage;

namespace QedTools.Interchange.Vhdx;

/// <summary>Finds what the file holds of the disk, from the block allocation table and the sector bitmaps; every entry is checked when it is used.</summary>
internal sealed class BlockMap
{
    // 8 MiB of the table, and 8 MiB of bitmaps.
    private static readonly PageLayout PagesOfEach = new(PageBytes: 64 << 10, MostPages: 128);

    // The most blocks in one run of data, so that a caller that continues after a hole in the host's file does not scan all of it again.
    private const int MaxBlocks = 4096;

    private readonly IStorage _file;
    private readonly PageCache<ulong> _entries;
    private readonly PageCache<byte> _bitmaps;
    private readonly FileRegions _regions;
    private readonly VhdxGeometry _geometry;
    private readonly bool _hasParent;
    private long _end;

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
        _bitmaps = new PageCache<byte>(file, read, PagesOfEach);
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
    public DiskRun RunAt(long offset, long length)
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
    /// <returns>Where it is, in bytes.</returns>
    /// <exception cref="QedException">The file could not be read or written.</exception>
    public long Allocate(long block)
    {
        long place = _end;
        _entries.Set(EntryOffset(_geometry.BatIndex(block)), BatEntry.FullyPresentAt(place).Value);
        _end += _geometry.BlockSize;
        return place;
    }

    /// <summary>Writes the table of a new file, and gives the file its length.</summary>
    /// <exception cref="QedException">The file could not be written.</exception>
    public void WriteBack()
    {
        _entries.WriteBack();
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
        long sectors = CountAlike((long)entry.FileOffset, _geometry.SectorInChunk(offset), _geometry.SectorsCovering(offset, length), out bool isHere);
        long run = Math.Min(length, _geometry.ReachOf(offset, sectors));
        return isHere ? new DiskRun(QedExtentState.Data, fileOffset, run) : DiskRun.Without(QedExtentState.Unallocated, run);
    }

    // How many bits of a bitmap from a given one on are equal to it. The lowest bit of a byte comes first (2.4).
    private long CountAlike(long bitmap, int first, long most, out bool isSet)
    {
        ReadOnlySpan<byte> bytes = _bitmaps.From(bitmap + (first / 8));
        isSet = (bytes[0] >> (first % 8) & 1) != 0;
        int flip = isSet ? 0xFF : 0;
        long count = 0;
        int bit = first % 8;
        int at = 0;
        while (count < most)
        {
            if (at == bytes.Length)
            {
                bytes = _bitmaps.From(bitmap + ((first + count) / 8));
                at = 0;
            }

            int differing = (bytes[at] ^ flip) >> bit;
            if (differing != 0)
            {
                while ((differing & 1) == 0)
                {
                    differing >>= 1;
                    count++;
                }

                break;
            }

            count += 8 - bit;
            bit = 0;
            at++;
        }

        return Math.Min(count, most);
    }
}
