using System;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange;

/// <summary>Bitmaps in a differencing file: a bit for each sector, set if the file holds the sector and clear if the parent does.</summary>
/// <remarks>Many threads may read at once; the one writer of a new file sets bits, which are in the file after <see cref="WriteBack"/> at the latest.</remarks>
/// <param name="file">The file.</param>
/// <param name="read">Reads it.</param>
/// <param name="pages">How bitmaps are divided into pages; if anything is changed, a page must hold nothing else.</param>
/// <param name="highestFirst">Whether the highest bit of a byte stands for its first sector; otherwise the lowest bit does.</param>
internal sealed class SectorBitmaps(IStorage file, PageReader read, PageLayout pages, bool highestFirst)
{
    private const int BitsPerByte = 8;

    private readonly PageCache<byte> _pages = new(file, read, pages);

    /// <summary>How many sectors from a given one on have the same bit.</summary>
    /// <param name="bitmap">Where the bitmap begins in the file, in bytes.</param>
    /// <param name="first">The sector, counted from the bitmap's first.</param>
    /// <param name="most">How many to examine; at least 1, not beyond the bitmap's end.</param>
    /// <param name="isSet">Whether its bit is set.</param>
    /// <returns>1 to <paramref name="most"/>.</returns>
    /// <exception cref="QedException">The file could not be read.</exception>
    public long CountAlike(long bitmap, long first, long most, out bool isSet)
    {
        ReadOnlySpan<byte> bytes = _pages.From(bitmap + (first / BitsPerByte));
        int bit = (int)(first % BitsPerByte);
        isSet = (InOrder(bytes[0]) >> bit & 1) != 0;
        int flip = isSet ? byte.MaxValue : 0;
        long count = 0;
        int at = 0;
        while (count < most)
        {
            if (at == bytes.Length)
            {
                bytes = _pages.From(bitmap + ((first + count) / BitsPerByte));
                at = 0;
            }

            int differing = (InOrder(bytes[at]) ^ flip) >> bit;
            if (differing != 0)
            {
                while ((differing & 1) == 0)
                {
                    differing >>= 1;
                    count++;
                }

                break;
            }

            count += BitsPerByte - bit;
            bit = 0;
            at++;
        }

        return Math.Min(count, most);
    }

    /// <summary>Sets the bits of sectors.</summary>
    /// <param name="bitmap">Where the bitmap begins in the file, in bytes.</param>
    /// <param name="first">The first sector, counted from the bitmap's first.</param>
    /// <param name="count">How many.</param>
    /// <exception cref="QedException">The file could not be read, or a page could not be written to make room for another.</exception>
    public void Set(long bitmap, long first, long count)
    {
        lock (_pages.Gate)
        {
            while (count > 0)
            {
                PageCache<byte>.Page page = _pages.PageAt(bitmap + (first / BitsPerByte), out int start);
                int end = start;
                while (count > 0 && end < page.Entries.Length)
                {
                    int bit = (int)(first % BitsPerByte);
                    int bits = (int)Math.Min(count, BitsPerByte - bit);
                    page.Entries[end] |= InOrder((byte)(((1 << bits) - 1) << bit));
                    first += bits;
                    count -= bits;
                    end++;
                }

                page.MarkChanged(start, end);
            }
        }
    }

    /// <summary>Writes all changes.</summary>
    /// <exception cref="QedException">The file could not be written.</exception>
    public void WriteBack() => _pages.WriteBack();

    // Puts the first sector's bit lowest; it is its own inverse.
    private byte InOrder(byte bits)
    {
        if (!highestFirst || bits is 0 or byte.MaxValue)
        {
            return bits;
        }

        int swapped = ((bits & 0x0F) << 4) | (bits >> 4);
        swapped = ((swapped & 0x33) << 2) | ((swapped >> 2) & 0x33);
        return (byte)(((swapped & 0x55) << 1) | ((swapped >> 1) & 0x55));
    }
}
