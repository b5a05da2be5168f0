using System;
using System.Globalization;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange.Vdi;

/// <summary>The disk that a VDI file forms together with the disk of its parent.</summary>
/// <param name="storage">The file.</param>
/// <param name="blocks">Its block size, and where its blocks begin.</param>
/// <param name="map">Where the blocks are.</param>
/// <param name="length">The disk's size, in bytes.</param>
/// <param name="fileLength">How long the file was when it was opened, in bytes.</param>
/// <param name="isNew">Whether the file is being created, and written to.</param>
/// <param name="parent">The parent's disk; null if there is none or it is left out.</param>
internal sealed class VdiDisk(IStorage storage, VdiBlocks blocks, BlockTable map, long length, long fileLength, bool isNew, IDisk? parent)
    : InterchangeDisk(storage, VdiFormat.FormatName, isNew, parent)
{
    /// <summary>How many blocks a new file has so far.</summary>
    public uint AllocatedBlocks { get; private set; }

    public override long Length => length;

    /// <summary>Allocates each block of a new file, in order.</summary>
    /// <exception cref="QedException">The file could not be written.</exception>
    public void AllocateAll()
    {
        long count = blocks.CountFor(Length);
        for (; AllocatedBlocks < count; AllocatedBlocks++)
        {
            map[AllocatedBlocks] = AllocatedBlocks;
        }
    }

    protected override DiskRun GetRun(long offset, long length)
    {
        int within = blocks.OffsetIn(offset);
        long alike = map.CountAlike(blocks.IndexOf(offset), blocks.CountFor(within + length), out uint entry);
        return entry is VdiBlocks.Free or VdiBlocks.Zero
            ? DiskRun.Without(entry == VdiBlocks.Free ? QedExtentState.Unallocated : QedExtentState.Zero, Math.Min(length, (alike * blocks.BlockSize) - within))
            : new DiskRun(QedExtentState.Data, Place(offset, entry), blocks.LengthIn(offset, length));
    }

    protected override DiskRun Allocate(long offset, long length)
    {
        long index = blocks.IndexOf(offset);
        uint entry = map[index];
        if (entry == VdiBlocks.Free)
        {
            entry = AllocatedBlocks++;
            map[index] = entry;
        }

        return new DiskRun(QedExtentState.Data, Place(offset, entry), blocks.LengthIn(offset, length));
    }

    private long Place(long offset, uint entry)
    {
        long index = blocks.IndexOf(offset);
        long start = blocks.FileOffset(entry);
        long needed = Math.Min(blocks.BlockSize, Length - (index * blocks.BlockSize));
        return CanWrite || start + needed <= fileLength
            ? start + blocks.OffsetIn(offset)
            : throw new QedDamagedFileException(
                File.Path,
                VdiFormat.FormatName,
                string.Format(CultureInfo.InvariantCulture, "entry {0} of the block map", index),
                entry,
                $"4294967295, 4294967294, or the number of a block inside the file's {fileLength} bytes");
    }
}
