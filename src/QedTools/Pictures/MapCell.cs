using System;

namespace QedTools.Pictures;

/// <summary>The contents of one cell of a picture: how many of its bytes are in which state.</summary>
internal readonly ref struct MapCell
{
    private readonly ReadOnlySpan<long> _shares;

    /// <param name="start">Its offset on the disk, in bytes.</param>
    /// <param name="length">Its length, in bytes.</param>
    /// <param name="shares">The bytes of each <see cref="MapShare"/>.</param>
    public MapCell(long start, long length, ReadOnlySpan<long> shares)
    {
        Start = start;
        Length = length;
        _shares = shares;
    }

    /// <summary>Its offset on the disk, in bytes.</summary>
    public long Start { get; }

    /// <summary>Its length, in bytes.</summary>
    public long Length { get; }

    /// <summary>The bytes of data, of all layers.</summary>
    public long Data
    {
        get
        {
            long sum = 0;
            foreach (long bytes in _shares.Slice(0, MapShare.Layers))
            {
                sum += bytes;
            }

            return sum;
        }
    }

    /// <summary>The bytes that are zero without data stored for them.</summary>
    public long Zero => _shares[MapShare.Zero];

    /// <summary>The bytes that no layer has allocated.</summary>
    public long Unallocated => _shares[MapShare.Unallocated];

    /// <summary>The bytes whose state is unknown, because they come after damage.</summary>
    public long Unknown => Length - Data - Zero - Unallocated;

    /// <summary>The bytes of one share.</summary>
    public long this[int share] => _shares[share];

    /// <summary>Whether another cell has exactly the same shares.</summary>
    public bool LooksLike(in MapCell other) => Length == other.Length && _shares.SequenceEqual(other._shares);
}
