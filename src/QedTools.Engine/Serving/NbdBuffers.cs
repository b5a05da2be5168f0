using System;

namespace QedTools.Serving;

/// <summary>Buffers for the data of requests, which are used again. They keep what they held: only what was filled in may be sent.</summary>
/// <param name="size">The size of each, in bytes.</param>
/// <param name="maxKept">How many are kept for later.</param>
internal sealed class NbdBuffers(int size, int maxKept)
{
    /// <summary>How much data one piece of a request has at most, in bytes.</summary>
    public const int PieceBytes = 256 << 10;

    /// <summary>How much data a request has at most to be kept in a small buffer, in bytes.</summary>
    public const int SmallBytes = 16 << 10;

    /// <summary>The space before the data, where the header of the reply is written, in bytes.</summary>
    public const int HeadBytes = 64;

    private const int ChunkHeaderBytes = 4 << 10;

    private readonly byte[]?[] _kept = new byte[]?[maxKept];
    private int _count;

    /// <summary>For pieces of up to <see cref="PieceBytes"/>.</summary>
    public static NbdBuffers Large { get; } = new(HeadBytes + PieceBytes + ChunkHeaderBytes, maxKept: 256);

    /// <summary>For data of up to <see cref="SmallBytes"/>.</summary>
    public static NbdBuffers Small { get; } = new(HeadBytes + SmallBytes, maxKept: 256);

    /// <summary>A buffer, with whatever it held before.</summary>
    public byte[] Rent()
    {
        lock (_kept)
        {
            if (_count > 0)
            {
                byte[] last = _kept[--_count]!;
                _kept[_count] = null;
                return last;
            }
        }

        return new byte[size];
    }

    /// <summary>Takes a buffer back that nobody uses any more.</summary>
    public void Return(byte[] buffer)
    {
        if (buffer.Length != size)
        {
            throw new ArgumentException("It is not from here.", nameof(buffer));
        }

        lock (_kept)
        {
            if (_count < maxKept)
            {
                _kept[_count++] = buffer;
            }
        }
    }
}
