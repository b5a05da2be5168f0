using System;

namespace QedTools.Interchange;

/// <summary>The blocks that were unpacked last, as many as there are slots.</summary>
internal sealed class UnpackedBlocks
{
    // As many as threads read in parallel.
    private readonly Slot[] _slots = [new(), new(), new(), new()];

    /// <summary>The slot where a block is kept, if it is. The caller locks the slot while using it.</summary>
    /// <param name="block">The block's number.</param>
    public Slot SlotFor(long block) => _slots[block % _slots.Length];

    /// <summary>Space for a block.</summary>
    internal sealed class Slot
    {
        /// <summary>The owner of the block; null while there is none.</summary>
        public object? Owner { get; private set; }

        /// <summary>The block's number.</summary>
        public long Block { get; private set; }

        /// <summary>The block, and perhaps other bytes after it.</summary>
        public byte[] Data { get; private set; } = [];

        /// <summary>Makes space for a block; what was kept here is discarded.</summary>
        /// <param name="length">The block's size, in bytes.</param>
        public Span<byte> Begin(int length)
        {
            Owner = null;
            if (Data.Length < length)
            {
                Data = new byte[length];
            }

            return Data.AsSpan(0, length);
        }

        /// <summary>Marks the slot as holding a block.</summary>
        /// <param name="owner">Its owner.</param>
        /// <param name="block">Its number.</param>
        public void Keep(object owner, long block)
        {
            Owner = owner;
            Block = block;
        }
    }
}
