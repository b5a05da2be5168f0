using System;

namespace QedTools.Disks;

/// <summary>
/// Packs the data of a new disk that is stored compressed. The unit is the layer's <see cref="IDiskLayer.Granule"/>: each is packed by
/// itself, so that threads can pack side by side while one writes.
/// </summary>
internal interface IDiskCompression
{
    /// <summary>The most bytes that a packed unit may have.</summary>
    int MaxPackedBytes { get; }

    /// <summary>Packs a unit. Safe for several threads; the same data gives the same result on each.</summary>
    /// <param name="unit">A whole unit; zeroes behind the end of the disk.</param>
    /// <param name="packed">What to fill: <see cref="MaxPackedBytes"/>.</param>
    /// <param name="length">How many bytes came of it.</param>
    /// <returns>Whether it fits; if not, the unit is to be written as it is (<see cref="IDisk.Write"/>).</returns>
    bool TryPack(ReadOnlySpan<byte> unit, Span<byte> packed, out int length);

    /// <summary>Writes a packed unit. Units come in the order of the disk, each once, from one thread at a time.</summary>
    /// <param name="offset">Where the unit begins on the disk, in bytes.</param>
    /// <param name="packed">What <see cref="TryPack"/> made of it.</param>
    /// <exception cref="QedLimitException">The file would get too long for the format.</exception>
    /// <exception cref="QedException">The file could not be written.</exception>
    void WritePacked(long offset, ReadOnlySpan<byte> packed);
}
