using System;
using System.Globalization;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange.Vmdk;

/// <summary>The disk that a sparse extent forms together with the disk of its parent.</summary>
/// <param name="storage">The file.</param>
/// <param name="grains">Its sizes.</param>
/// <param name="map">Where the grains are.</param>
/// <param name="length">The disk's size, in bytes.</param>
/// <param name="fileLength">How long the file was when it was opened, in bytes.</param>
/// <param name="hasZeroedGrains">Whether an entry of 1 is a grain of zeroes.</param>
/// <param name="compressed">Reads the grains if they are compressed; null if they are stored as they are.</param>
/// <param name="parent">The parent's disk; null if there is none or it is left out.</param>
internal sealed class VmdkDisk(
    IStorage storage, VmdkGrains grains, VmdkGrainMap map, long length, long fileLength, bool hasZeroedGrains, VmdkCompressedGrains? compressed, IDisk? parent)
    : InterchangeDisk(storage, VmdkFormat.FormatName, map is VmdkGrainMap.OfNewExtent, parent)
{
    private readonly VmdkGrainMap.OfNewExtent? _newMap = map as VmdkGrainMap.OfNewExtent;

    /// <summary>Where the next grain of a new file goes, in bytes.</summary>
    public long End { get; set; }

    public override long Length => length;

    // Where a run is in the file, it is contiguous there; each compressed grain is a separate run.
    protected override DiskRun GetRun(long offset, long length)
    {
        long index = grains.IndexOf(offset);
        int within = grains.OffsetIn(offset);
        long count = map.CountRun(index, grains.CountFor(within + length), out uint entry);
        long run = Math.Min(length, (count * grains.GrainSize) - within);
        if (IsZeroed(entry))
        {
            return DiskRun.Without(QedExtentState.Zero, run);
        }

        if (entry == VmdkGrains.Unused)
        {
            return DiskRun.Without(QedExtentState.Unallocated, run);
        }

        if (compressed is not null)
        {
            compressed.RequireInFile(index, entry);
            return new DiskRun(QedExtentState.Data, DiskExtent.Packed, grains.LengthIn(offset, length));
        }

        return new DiskRun(
            QedExtentState.Data, PlaceOf(offset, entry), CanWrite ? run : Math.Min(run, CountInFile(index, entry, within + run) - within));
    }

    protected override void ReadPacked(long offset, Span<byte> buffer)
    {
        long index = grains.IndexOf(offset);
        compressed!.Read(index, map[index], grains.OffsetIn(offset), buffer);
    }

    protected override DiskRun Allocate(long offset, long length)
    {
        long index = grains.IndexOf(offset);
        uint entry = map[index];
        if (entry == VmdkGrains.Unused)
        {
            entry = checked((uint)(End / Sector.Size));
            _newMap!.Set(index, entry);
            End += grains.GrainSize;
        }

        return new DiskRun(QedExtentState.Data, PlaceOf(offset, entry), grains.LengthIn(offset, length));
    }

    private bool IsZeroed(uint entry) => hasZeroedGrains && entry == VmdkGrains.Zeroed;

    private long PlaceOf(long offset, uint entry) => ((long)entry * Sector.Size) + grains.OffsetIn(offset);

    // How much of a run of grains the file holds, in bytes from the run's start: at least the first grain. The disk's last grain may end
    // with the disk.
    private long CountInFile(long index, uint entry, long run)
    {
        long start = (long)entry * Sector.Size;
        long rest = Length - (index * grains.GrainSize);
        long needed = Math.Min(grains.GrainSize, rest);
        if (start + needed > fileLength)
        {
            throw new QedDamagedFileException(
                File.Path,
                VmdkFormat.FormatName,
                string.Format(CultureInfo.InvariantCulture, "the grain table entry of grain {0}", index),
                entry,
                $"0, or the sector of a grain inside the file's {fileLength} bytes");
        }

        return start + Math.Min(grains.RoundUpToGrain(run), rest) <= fileLength
            ? run
            : (fileLength - start) / grains.GrainSize * grains.GrainSize;
    }
}
