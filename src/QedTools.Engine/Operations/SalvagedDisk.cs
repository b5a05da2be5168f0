using System;
using System.Collections.Generic;
using System.Linq;
using QedTools.Disks;

namespace QedTools.Operations;

/// <summary>A disk that reads as zeroes where it cannot be read, and records where that is. For reading only.</summary>
/// <remarks>Like every disk it may be read by many threads at once.</remarks>
/// <param name="disk">The disk.</param>
/// <param name="unit">
/// The unit in which the disk's files are allocated, in bytes, a power of two: where a table entry or a compressed unit is damaged, all of the unit is lost.
/// </param>
/// <param name="lost">Receives the ranges that could not be read, each once if each part of the disk is read once.</param>
internal sealed class SalvagedDisk(IDisk disk, int unit, LostRanges lost) : IDisk
{
    // Formats that do not say have tables of at least this unit.
    private const int DefaultUnit = 4096;

    public long Length => disk.Length;

    public bool CanWrite => false;

    /// <summary>Where the disk begins on the one that the files hold, in bytes: units are counted from there, and errors too.</summary>
    public long Origin { get; init; }

    /// <summary>The unit to salvage a chain in: the smallest of its layers.</summary>
    public static int UnitOf(IEnumerable<IDiskLayer> layers) => layers.Min(layer => layer.AllocationUnit ?? DefaultUnit);

    public DiskExtent ExtentAt(long offset, long length) => TryExtentAt(offset, length, out long damaged, out _) ?? new DiskExtent(
        offset, damaged, QedExtentState.Data, DiskExtent.Packed, Depth: 0); // Data, so that it is read: reading records what is lost.

    public void Read(long offset, Span<byte> buffer)
    {
        if (TryRead(offset, buffer))
        {
            return;
        }

        while (buffer.Length > 0)
        {
            DiskExtent? extent = TryExtentAt(offset, buffer.Length, out long damaged, out bool isExact);
            Span<byte> part = buffer.Slice(0, (int)(extent?.Length ?? damaged));
            if (extent is { FileOffset: DiskExtent.Packed })
            {
                part = part.Slice(0, (int)Math.Min(part.Length, ToEndOfUnit(offset)));
            }

            if (extent is null)
            {
                // The error may be about an entry further on, and this part may still be readable.
                if (isExact || !TryRead(offset, part))
                {
                    Lose(offset, part);
                }
            }
            else if (!TryRead(offset, part))
            {
                SalvagePart(offset, part, isDivisible: extent.Value.FileOffset != DiskExtent.Packed);
            }

            offset += part.Length;
            buffer = buffer.Slice(part.Length);
        }
    }

    public void Write(long offset, ReadOnlySpan<byte> data) => throw ForReadingOnly();

    public void Zero(long offset, long length) => throw ForReadingOnly();

    public void Flush()
    {
    }

    public void SetLength(long length) => throw ForReadingOnly();

    // What failed as a whole is read in halves that begin at sectors: few attempts where there is little damage, and all around it is kept.
    private void SalvagePart(long offset, Span<byte> buffer, bool isDivisible)
    {
        int half = (int)(Sector.RoundUp(offset + (buffer.Length / 2)) - offset);
        half = half < buffer.Length ? half : (int)(Sector.Size - (offset % Sector.Size));
        if (!isDivisible || half >= buffer.Length)
        {
            Lose(offset, buffer);
            return;
        }

        foreach ((int start, int end) in ((int, int)[])[(0, half), (half, buffer.Length)])
        {
            Span<byte> part = buffer.Slice(start, end - start);
            if (!TryRead(offset + start, part))
            {
                SalvagePart(offset + start, part, isDivisible);
            }
        }
    }

    private void Lose(long offset, Span<byte> buffer)
    {
        buffer.Clear();
        lost.Add(offset, buffer.Length);
    }

    private bool TryRead(long offset, Span<byte> buffer)
    {
        try
        {
            disk.Read(offset, buffer);
            return true;
        }
        catch (QedException)
        {
            return false;
        }
    }

    // Null where tables are damaged; then how far they are at least, and whether the error says that they are from this offset on.
    private DiskExtent? TryExtentAt(long offset, long length, out long damaged, out bool isExact)
    {
        try
        {
            (damaged, isExact) = (0, false);
            return disk.ExtentAt(offset, length);
        }
        catch (QedException e)
        {
            QedCorruptException? known = e as QedCorruptException;
            isExact = known is { Length: > 0 } && known.VirtualOffset == Origin + offset;
            damaged = Math.Min(length, isExact ? known!.Length : ToEndOfUnit(offset));
            return null;
        }
    }

    private long ToEndOfUnit(long offset) => unit - ((Origin + offset) % unit);

    private static NotSupportedException ForReadingOnly() => new("A disk that is salvaged is only read.");
}
