using System;

namespace QedTools.Interchange;

/// <summary>The compressed blocks that were unpacked last, as many as there are slots.</summary>
internal sealed class UnpackedBlocks
{
    // As many as threads read side by side.
    private readonly Slot[] _slots = [new(), new(), new(), new()];

    /// <summary>Where a block is kept if it is; who uses it locks it.</summary>
    /// <param name="block">The block's number.</param>
    public Slot SlotFor(long block) => _slots[block % _slots.Length];

    /// <summary>Room for a block.</summary>
    internal sealed class Slot
    {
        /// <summary>Whose block it is; null while there is none.</summary>
        public object? Owner { get; private set; }

        /// <summary>The block's number.</summary>
        public long Block { get; private set; }

        /// <summary>The block, and perhaps other bytes behind it.</summary>
        public byte[] Data { get; private set; } = [];

        /// <summary>Makes room for a block; what was kept here is gone.</summary>
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

        /// <summary>Says that the room holds a block now.</summary>
        /// <param name="owner">Whose it is.</param>
        /// <param name="block">Its number.</param>
        public void Keep(object owner, long block)
        {
            Owner = owner;
            Block = block;
        }
    }
}
