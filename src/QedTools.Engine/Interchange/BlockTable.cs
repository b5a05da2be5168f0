using System;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange;

/// <summary>A table of 32-bit entries in a file, one for each block of a disk.</summary>
/// <remarks>Many threads may read while one writes.</remarks>
/// <param name="storage">The file.</param>
/// <param name="offset">Where the table begins in it, in bytes.</param>
/// <param name="count">How many entries it has; all are in the file.</param>
/// <param name="isBigEndian">The byte order of an entry.</param>
internal sealed class BlockTable(IStorage storage, long offset, long count, bool isBigEndian)
{
    // 4 MiB.
    private const int PageBytes = 16 << 10;
    private const int MaxPages = 256;

    private readonly PageCache<uint> _pages = new(
        storage,
        PageReaders.Until(storage, offset + (count * sizeof(uint))),
        new PageLayout(PageBytes, MaxPages) { Origin = offset, IsBigEndian = isBigEndian });

    /// <summary>An entry.</summary>
    /// <param name="index">0 to the number of entries - 1.</param>
    /// <exception cref="QedException">The file could not be read, or, if entries are changed, written.</exception>
    public uint this[long index]
    {
        get => _pages.From(OffsetOf(index))[0];
        set => _pages.Set(OffsetOf(index), value);
    }

    /// <summary>How many entries from a given one on are equal to it, as far as one page shows.</summary>
    /// <param name="index">0 to the number of entries - 1.</param>
    /// <param name="most">How many to look at; at least 1, not past the last one.</param>
    /// <param name="entry">That entry.</param>
    /// <returns>At least 1.</returns>
    /// <exception cref="QedException">As for an entry.</exception>
    public long CountAlike(long index, long most, out uint entry)
    {
        ReadOnlySpan<uint> entries = _pages.From(OffsetOf(index));
        entry = entries[0];
        return EntryScan.CountEqual(entries.Slice(0, (int)Math.Min(entries.Length, most)), entry);
    }

    /// <summary>Writes a table whose bytes are all the same.</summary>
    /// <param name="storage">The file.</param>
    /// <param name="offset">Where the table begins in it, in bytes.</param>
    /// <param name="count">How many entries it has.</param>
    /// <param name="value">Each byte.</param>
    /// <returns>Where it ends, in bytes.</returns>
    /// <exception cref="QedException">The file could not be written.</exception>
    public static long Fill(IStorage storage, long offset, long count, byte value)
    {
        byte[] piece = new byte[64 << 10];
        piece.AsSpan().Fill(value);
        long end = offset + (count * sizeof(uint));
        while (offset < end)
        {
            int length = (int)Math.Min(piece.Length, end - offset);
            storage.Write(offset, piece.AsSpan(0, length));
            offset += length;
        }

        return end;
    }

    /// <summary>Writes all changes.</summary>
    /// <exception cref="QedException">The file could not be written.</exception>
    public void WriteBack() => _pages.WriteBack();

    private long OffsetOf(long index) => offset + (index * sizeof(uint));
}
