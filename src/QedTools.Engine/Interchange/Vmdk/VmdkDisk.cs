using System;
using System.Globalization;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange.Vmdk;

/// <summary>The disk that a sparse extent makes with the disk of its parent.</summary>
/// <param name="storage">The file.</param>
/// <param name="grains">Its sizes.</param>
/// <param name="map">Where the grains are.</param>
/// <param name="length">The disk's size, in bytes.</param>
/// <param name="fileLength">How long the file was when it was opened, in bytes.</param>
/// <param name="hasZeroedGrains">Whether an entry of 1 is a grain of zeroes.</param>
/// <param name="compressed">Reads the grains if they are compressed; null if they are as they are.</param>
/// <param name="parent">The parent's disk; null if there is none or it is not wanted.</param>
internal sealed class VmdkDisk(
    IStorage storage, VmdkGrains grains, VmdkGrainMap map, long length, long fileLength, bool hasZeroedGrains, VmdkCompressedGrains? compressed, IDisk? parent)
    : IDisk
{
    private readonly VmdkGrainMap.OfNewExtent? _newMap = map as VmdkGrainMap.OfNewExtent;

    /// <summary>Where the next grain of a new file goes, in bytes.</summary>
    public long End { get; set; }

    public long Length => length;

    public bool CanWrite => _newMap is not null;

    public DiskExtent ExtentAt(long offset, long length)
    {
        long run = RunAt(offset, length, out uint entry);
        if (IsZeroed(entry))
        {
            return new DiskExtent(offset, run, QedExtentState.Zero, FileOffset: 0, Depth: 0);
        }

        return entry == VmdkGrains.Unused ? DiskBelow.ExtentAt(parent, offset, run)
            : compressed is not null ? new DiskExtent(offset, run, QedExtentState.Data, DiskExtent.NotAsIs, Depth: 0)
            : CanWrite ? StoredExtent.At(storage, offset, PlaceOf(offset, entry), run)
            : StoredExtent.Required(storage, offset, PlaceOf(offset, entry), run);
    }

    public void Read(long offset, Span<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            Span<byte> part = buffer.Slice(0, (int)RunAt(offset, buffer.Length, out uint entry));
            if (entry == VmdkGrains.Unused)
            {
                DiskBelow.Read(parent, offset, part);
            }
            else if (IsZeroed(entry))
            {
                part.Clear();
            }
            else if (compressed is not null)
            {
                compressed.Read(grains.IndexOf(offset), entry, grains.OffsetIn(offset), part);
            }
            else if (CanWrite)
            {
                storage.ReadOrZero(PlaceOf(offset, entry), part);
            }
            else
            {
                storage.ReadExactly(PlaceOf(offset, entry), part);
            }

            offset += part.Length;
            buffer = buffer.Slice(part.Length);
        }
    }

    public void Write(long offset, ReadOnlySpan<byte> data)
    {
        while (data.Length > 0)
        {
            ReadOnlySpan<byte> part = data.Slice(0, (int)grains.LengthIn(offset, data.Length));
            long index = grains.IndexOf(offset);
            long place = (long)map[index] * Sector.Size;
            if (place == 0)
            {
                place = End;
                _newMap!.Set(index, checked((uint)(place / Sector.Size)));
                End += grains.GrainSize;
            }

            storage.Write(place + grains.OffsetIn(offset), part);
            offset += part.Length;
            data = data.Slice(part.Length);
        }
    }

    public void Zero(long offset, long length)
    {
        while (length > 0)
        {
            long most = grains.LengthIn(offset, length);
            uint entry = map[grains.IndexOf(offset)];
            if (entry != VmdkGrains.Unused)
            {
                ZeroFill.Write(storage, PlaceOf(offset, entry), most);
            }

            offset += most;
            length -= most;
        }
    }

    public void Flush() => storage.Flush();

    public void SetLength(long length) => throw new InvalidOperationException("A file that is being made keeps its size.");

    private bool IsZeroed(uint entry) => hasZeroedGrains && entry == VmdkGrains.Zeroed;

    private long PlaceOf(long offset, uint entry) => ((long)entry * Sector.Size) + grains.OffsetIn(offset);

    // How much of a range is one run. What of it is in the file lies there in one piece; a compressed grain is a run of its own.
    private long RunAt(long offset, long length, out uint entry)
    {
        long index = grains.IndexOf(offset);
        int within = grains.OffsetIn(offset);
        long count = map.CountRun(index, grains.CountFor(within + length), out entry);
        long run = Math.Min(length, (count * grains.GrainSize) - within);
        if (entry == VmdkGrains.Unused || IsZeroed(entry) || CanWrite)
        {
            return run;
        }

        if (compressed is null)
        {
            return Math.Min(run, CountInFile(index, entry, within + run) - within);
        }

        compressed.RequireInFile(index, entry);
        return grains.LengthIn(offset, length);
    }

    // How much of a run of grains the file holds, in bytes from the run's start: the first grain at the least. The disk's last grain may end
    // with the disk.
    private long CountInFile(long index, uint entry, long run)
    {
        long start = (long)entry * Sector.Size;
        long rest = Length - (index * grains.GrainSize);
        long needed = Math.Min(grains.GrainSize, rest);
        if (start + needed > fileLength)
        {
            throw new QedDamagedFileException(
                storage.Path,
                VmdkFormat.FormatName,
                string.Format(CultureInfo.InvariantCulture, "the grain table entry of grain {0}", index),
                entry,
                $"0, or the sector of a grain that lies inside the file's {fileLength} bytes");
        }

        return start + Math.Min(grains.RoundUpToGrain(run), rest) <= fileLength
            ? run
            : (fileLength - start) / grains.GrainSize * grains.GrainSize;
    }
}
