using System;
using System.Buffers;
using System.IO;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange.Vmdk;

/// <summary>Reads the compressed grains of an extent: a marker, followed by the grain as compressed by zlib.</summary>
/// <param name="storage">The file.</param>
/// <param name="grains">Its sizes.</param>
/// <param name="length">The extent's size as a disk, in bytes.</param>
/// <param name="kept">Keeps grains that were read only in part.</param>
internal sealed class VmdkCompressedGrains(IStorage storage, VmdkGrains grains, long length, UnpackedBlocks kept)
    : PackedBlocks<uint>(grains.GrainSize, kept)
{
    /// <summary>The largest grain that is unpacked, in bytes; VMware uses 64 KiB.</summary>
    public const int MaxGrainSize = 1 << 20;

    private readonly long _fileLength = storage.Length;

    // Data that compression does not make smaller gets a little larger.
    private int MaxPackedSize => 2 * grains.GrainSize;

    /// <summary>Makes sure that a grain can be where its entry says.</summary>
    /// <param name="grain">Its number on the disk.</param>
    /// <param name="entry">Its entry: the sector of its marker.</param>
    /// <exception cref="QedDamagedFileException">It cannot.</exception>
    public void RequireInFile(long grain, uint entry)
    {
        if (PlaceOf(entry) + VmdkMarker.GrainHeaderSize + ZlibData.MinSize > _fileLength)
        {
            throw Damaged($"the grain table entry of grain {grain}", entry, $"0, or the sector of a grain inside the file's {_fileLength} bytes");
        }
    }

    protected override void Unpack(long block, in uint place, Span<byte> data)
    {
        RequireInFile(block, place);
        Span<byte> header = stackalloc byte[VmdkMarker.GrainHeaderSize];
        storage.ReadExactly(PlaceOf(place), header);
        VmdkMarker marker = VmdkMarker.Parse(header);
        ulong expected = (ulong)block * (ulong)grains.SectorsPerGrain;
        if (marker.Value != expected)
        {
            throw Damaged($"the LBA in the marker of grain {block} at {PlaceOf(place)}", marker.Value, $"{expected}");
        }

        long start = PlaceOf(place) + VmdkMarker.GrainHeaderSize;
        long most = Math.Min(MaxPackedSize, _fileLength - start);
        if (marker.DataSize < ZlibData.MinSize || marker.DataSize > most)
        {
            throw Damaged($"the size in the marker of grain {block} at {PlaceOf(place)}", marker.DataSize, $"{ZlibData.MinSize} to {most} bytes");
        }

        UnpackData(block, start, (int)marker.DataSize, data);
    }

    private static long PlaceOf(uint entry) => (long)entry * Sector.Size;

    private void UnpackData(long grain, long start, int size, Span<byte> data)
    {
        byte[] rented = ArrayPool<byte>.Shared.Rent(size);
        try
        {
            storage.ReadExactly(start, rented.AsSpan(0, size));
            int? count = ZlibData.Unpack(rented, size, data);

            // The last grain may end with the disk.
            long needed = Math.Min(data.Length, length - (grain * grains.GrainSize));
            if (count is null || count < needed)
            {
                throw DamagedData(grain, start, count is { } found ? FormattableString.Invariant($"data that unpacks to {found} bytes") : "data that unpacks to more bytes");
            }
        }
        catch (InvalidDataException)
        {
            throw DamagedData(grain, start, "not zlib data, or has a wrong checksum");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private QedDamagedFileException DamagedData(long grain, long start, string found) =>
        Damaged($"the compressed grain {grain} at {start}", found, $"zlib data that unpacks to {grains.GrainSize} bytes");

    private QedDamagedFileException Damaged(FormattableString field, object value, FormattableString allowed) => new(
        storage.Path, VmdkFormat.FormatName, FormattableString.Invariant(field), value, FormattableString.Invariant(allowed));
}
