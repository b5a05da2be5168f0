using System;

namespace QedTools.Interchange;

/// <summary>
/// Reads compressed blocks of a file. The last ones that were read only in part are kept unpacked, so that reading in small
/// steps, or on several threads, unpacks each block once.
/// </summary>
/// <typeparam name="TPlace">Describes where a block is in the file.</typeparam>
/// <param name="blockSize">A block's size, in bytes.</param>
/// <param name="kept">The unpacked blocks that are kept; several files may share it.</param>
internal abstract class PackedBlocks<TPlace>(int blockSize, UnpackedBlocks kept)
    where TPlace : struct
{
    /// <summary>A block's size, in bytes.</summary>
    protected int BlockSize => blockSize;

    /// <summary>Reads a part of a block.</summary>
    /// <param name="block">Its number on the disk.</param>
    /// <param name="place">Where it is.</param>
    /// <param name="within">Where in the block to begin, in bytes.</param>
    /// <param name="buffer">The buffer to fill; does not extend past the block.</param>
    /// <exception cref="QedDamagedFileException">The data does not unpack to a block.</exception>
    /// <exception cref="QedException">The file could not be read.</exception>
    public void Read(long block, in TPlace place, int within, Span<byte> buffer)
    {
        if (buffer.Length == blockSize)
        {
            Unpack(block, place, buffer);
            return;
        }

        UnpackedBlocks.Slot slot = kept.SlotFor(block);
        lock (slot)
        {
            if (slot.Owner != this || slot.Block != block)
            {
                Span<byte> data = slot.Begin(blockSize);
                Unpack(block, place, data);
                slot.Keep(this, block);
            }

            slot.Data.AsSpan(within, buffer.Length).CopyTo(buffer);
        }
    }

    /// <summary>Unpacks a block. Many threads may do so at once.</summary>
    /// <param name="block">Its number on the disk.</param>
    /// <param name="place">Where it is.</param>
    /// <param name="data">The buffer to fill: as long as a block.</param>
    /// <exception cref="QedDamagedFileException">The data does not unpack to a block.</exception>
    /// <exception cref="QedException">The file could not be read.</exception>
    protected abstract void Unpack(long block, in TPlace place, Span<byte> data);
}
