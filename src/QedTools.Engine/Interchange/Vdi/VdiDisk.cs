using System;
using System.Globalization;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange.Vdi;

/// <summary>The disk that a VDI file makes with the disk of its parent.</summary>
/// <param name="storage">The file.</param>
/// <param name="blocks">Its block size and where they begin.</param>
/// <param name="map">Where the blocks are.</param>
/// <param name="length">The disk's size, in bytes.</param>
/// <param name="fileLength">How long the file was when it was opened, in bytes.</param>
/// <param name="isNew">Whether the file is being made, and written to.</param>
/// <param name="parent">The parent's disk; null if there is none or it is not wanted.</param>
internal sealed class VdiDisk(IStorage storage, VdiBlocks blocks, BlockTable map, long length, long fileLength, bool isNew, IDisk? parent) : IDisk
{
    /// <summary>How many blocks a new file has so far.</summary>
    public uint AllocatedBlocks { get; private set; }

    public long Length => length;

    public bool CanWrite => isNew;

    /// <summary>Gives each block of a new file its place, in order.</summary>
    /// <exception cref="QedException">The file could not be written.</exception>
    public void AllocateAll()
    {
        long count = blocks.CountFor(Length);
        for (; AllocatedBlocks < count; AllocatedBlocks++)
        {
            map[AllocatedBlocks] = AllocatedBlocks;
        }
    }

    public DiskExtent ExtentAt(long offset, long length)
    {
        int within = blocks.OffsetIn(offset);
        long alike = map.CountAlike(blocks.IndexOf(offset), blocks.CountFor(within + length), out uint entry);
        if (entry is VdiBlocks.Free or VdiBlocks.Zero)
        {
            long run = Math.Min(length, (alike * blocks.BlockSize) - within);
            return entry == VdiBlocks.Free
                ? DiskBelow.ExtentAt(parent, offset, run)
                : new DiskExtent(offset, run, QedExtentState.Zero, FileOffset: 0, Depth: 0);
        }

        long most = blocks.LengthIn(offset, length);
        return isNew
            ? StoredExtent.At(storage, offset, Place(offset, entry), most)
            : StoredExtent.Required(storage, offset, Place(offset, entry), most);
    }

    public void Read(long offset, Span<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            Span<byte> part = buffer.Slice(0, (int)blocks.LengthIn(offset, buffer.Length));
            uint entry = map[blocks.IndexOf(offset)];
            if (entry == VdiBlocks.Free)
            {
                DiskBelow.Read(parent, offset, part);
            }
            else if (entry == VdiBlocks.Zero)
            {
                part.Clear();
            }
            else if (isNew)
            {
                storage.ReadOrZero(Place(offset, entry), part);
            }
            else
            {
                storage.ReadExactly(Place(offset, entry), part);
            }

            offset += part.Length;
            buffer = buffer.Slice(part.Length);
        }
    }

    public void Write(long offset, ReadOnlySpan<byte> data)
    {
        while (data.Length > 0)
        {
            ReadOnlySpan<byte> part = data.Slice(0, (int)blocks.LengthIn(offset, data.Length));
            long index = blocks.IndexOf(offset);
            uint entry = map[index];
            if (entry == VdiBlocks.Free)
            {
                entry = AllocatedBlocks++;
                map[index] = entry;
            }

            storage.Write(blocks.FileOffset(entry) + blocks.OffsetIn(offset), part);
            offset += part.Length;
            data = data.Slice(part.Length);
        }
    }

    public void Zero(long offset, long length)
    {
        while (length > 0)
        {
            long most = blocks.LengthIn(offset, length);
            uint entry = map[blocks.IndexOf(offset)];
            if (entry != VdiBlocks.Free)
            {
                ZeroFill.Write(storage, blocks.FileOffset(entry) + blocks.OffsetIn(offset), most);
            }

            offset += most;
            length -= most;
        }
    }

    public void Flush() => storage.Flush();

    public void SetLength(long length) => throw new InvalidOperationException("A file that is being made keeps its size.");

    private long Place(long offset, uint entry)
    {
        long index = blocks.IndexOf(offset);
        long start = blocks.FileOffset(entry);
        long needed = Math.Min(blocks.BlockSize, Length - (index * blocks.BlockSize));
        return isNew || start + needed <= fileLength
            ? start + blocks.OffsetIn(offset)
            : throw new QedDamagedFileException(
                storage.Path,
                VdiFormat.FormatName,
                string.Format(CultureInfo.InvariantCulture, "entry {0} of the block map", index),
                entry,
                $"4294967295, 4294967294, or the number of a block that lies inside the file's {fileLength} bytes");
    }
}
