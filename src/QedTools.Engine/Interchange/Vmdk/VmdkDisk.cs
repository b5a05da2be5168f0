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
/// <param name="hasZeroedGrains">Whether an entry of 1 is a grain of zeroes.</param>
/// <param name="parent">The parent's disk; null if there is none or it is not wanted.</param>
internal sealed class VmdkDisk(
    IStorage storage, VmdkGrains grains, VmdkGrainMap map, long length, bool hasZeroedGrains, IDisk? parent) : IDisk
{
    private readonly long _fileLength = storage.Length;
    private readonly VmdkGrainMap.OfNewExtent? _newMap = map as VmdkGrainMap.OfNewExtent;

    /// <summary>Where the next grain of a new file goes, in bytes.</summary>
    public long End { get; set; }

    public long Length => length;

    public bool CanWrite => _newMap is not null;

    public DiskExtent ExtentAt(long offset, long length)
    {
        int within = grains.OffsetIn(offset);
        long alike = map.CountAlike(grains.IndexOf(offset), grains.CountFor(within + length), out uint entry);
        long most = Math.Min(length, (alike * grains.GrainSize) - within);
        if (IsZeroed(entry))
        {
            return new DiskExtent(offset, most, QedExtentState.Zero, FileOffset: 0, Depth: 0);
        }

        return entry == VmdkGrains.Unused
            ? DiskBelow.ExtentAt(parent, offset, most)
            : CanWrite ? StoredExtent.At(storage, offset, Place(offset, entry), grains.LengthIn(offset, length))
            : StoredExtent.Required(storage, offset, Place(offset, entry), grains.LengthIn(offset, length));
    }

    public void Read(long offset, Span<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            Span<byte> part = buffer.Slice(0, (int)grains.LengthIn(offset, buffer.Length));
            uint entry = map[grains.IndexOf(offset)];
            if (entry == VmdkGrains.Unused)
            {
                DiskBelow.Read(parent, offset, part);
            }
            else if (IsZeroed(entry))
            {
                part.Clear();
            }
            else if (CanWrite)
            {
                storage.ReadOrZero(Place(offset, entry), part);
            }
            else
            {
                storage.ReadExactly(Place(offset, entry), part);
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
            long place = (long)map[index] * VmdkGrains.SectorSize;
            if (place == 0)
            {
                place = End;
                _newMap!.Set(index, checked((uint)(place / VmdkGrains.SectorSize)));
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
                ZeroFill.Write(storage, Place(offset, entry), most);
            }

            offset += most;
            length -= most;
        }
    }

    public void Flush() => storage.Flush();

    public void SetLength(long length) => throw new InvalidOperationException("A file that is being made keeps its size.");

    private bool IsZeroed(uint entry) => hasZeroedGrains && entry == VmdkGrains.Zeroed;

    private long Place(long offset, uint entry)
    {
        long index = grains.IndexOf(offset);
        long start = (long)entry * VmdkGrains.SectorSize;
        long needed = Math.Min(grains.GrainSize, Length - (index * grains.GrainSize));
        return CanWrite || start + needed <= _fileLength
            ? start + grains.OffsetIn(offset)
            : throw new QedDamagedFileException(
                storage.Path,
                VmdkFormat.FormatName,
                string.Format(CultureInfo.InvariantCulture, "the grain table entry of grain {0}", index),
                entry,
                $"0, or the sector of a grain that lies inside the file's {_fileLength} bytes");
    }
}
