using System;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange.Vmdk;

/// <summary>
/// A hosted sparse extent that is read ("Virtual Disk Format 5.0", "Hosted Sparse Extents"), also a compressed one ("Stream-Optimized
/// Compressed Sparse Extents").
/// </summary>
internal sealed class VmdkHostedExtent : VmdkExtent
{
    private const VmdkFlags Known =
        VmdkFlags.LineEnds | VmdkFlags.RedundantTables | VmdkFlags.ZeroedGrains | VmdkFlags.CompressedGrains | VmdkFlags.Markers;

    private readonly VmdkGrains _grains;
    private readonly VmdkGrainMap _map;
    private readonly VmdkCompressedGrains? _compressed;
    private readonly bool _hasZeroedGrains;

    private VmdkHostedExtent(IStorage storage, VmdkHeader header, VmdkGrainMap map, UnpackedBlocks unpacked)
        : base(storage)
    {
        Length = (long)header.Capacity * Sector.Size;
        _grains = GrainsOf(header);
        _map = map;
        _hasZeroedGrains = HasZeroedGrains(header);
        _compressed = (header.Flags & VmdkFlags.CompressedGrains) != 0 ? new VmdkCompressedGrains(storage, _grains, Length, unpacked) : null;
    }

    public override long Length { get; }

    public override int GrainSize => _grains.GrainSize;

    /// <summary>Reads and validates the header at the start of a file.</summary>
    /// <exception cref="QedDamagedFileException">A field has a value that the format does not allow, or the file is cut short.</exception>
    /// <exception cref="QedUnsupportedFormatException">It is of a version or a kind that is not read.</exception>
    /// <exception cref="QedException">It could not be read.</exception>
    public static VmdkHeader ReadHeader(IStorage storage)
    {
        byte[] bytes = new byte[VmdkHeader.Size];
        if (storage.Read(0, bytes) < bytes.Length)
        {
            throw Damaged(storage, "the header", "cut short", "512 bytes");
        }

        if (!VmdkHeader.HasMagic(bytes))
        {
            throw Damaged(storage, "the start of the file", "something else", "\"KDMV\"");
        }

        VmdkHeader header = VmdkHeader.Parse(bytes);
        Validate(storage, header, bytes);
        return header;
    }

    /// <summary>Opens an extent.</summary>
    /// <param name="storage">The file.</param>
    /// <param name="header">Its header, validated.</param>
    /// <param name="tables">Keeps its tables.</param>
    /// <param name="unpacked">Keeps its unpacked grains.</param>
    /// <exception cref="QedDamagedFileException">It does not hold a disk, its grain directory is not inside the file, or its footer is damaged.</exception>
    /// <exception cref="QedUnsupportedFormatException">Its footer is of a version or a kind that is not read.</exception>
    /// <exception cref="QedException">It could not be read.</exception>
    public static VmdkHostedExtent Open(IStorage storage, VmdkHeader header, VmdkTables tables, UnpackedBlocks unpacked)
    {
        if (header.Capacity == 0)
        {
            throw Damaged(storage, "capacity", 0, "1 sector or more");
        }

        VmdkHeader last = header.DirectoryOffset == VmdkHeader.DirectoryAtEnd ? ReadFooter(storage, header) : header;
        VmdkGrains grains = GrainsOf(last);
        long count = grains.TablesFor((long)last.Capacity * Sector.Size);
        long most = (storage.Length - (count * sizeof(uint))) / Sector.Size;
        if (last.DirectoryOffset > long.MaxValue || (long)last.DirectoryOffset > most || most < 0)
        {
            throw Damaged(storage, "gdOffset", last.DirectoryOffset, $"at most {Math.Max(0, most)}, so that the grain directory is inside the file");
        }

        VmdkGrainMap map = new VmdkGrainMap.OfExtent(
            storage, grains, (long)last.DirectoryOffset * Sector.Size, count, HasZeroedGrains(last), tables);
        return new VmdkHostedExtent(storage, last, map, unpacked);
    }

    public override IDisk ToDisk(IDisk? parent) => new VmdkDisk(Storage, _grains, _map, Length, FileLength, _hasZeroedGrains, _compressed, parent);

    private static VmdkGrains GrainsOf(VmdkHeader header) =>
        new((int)header.GrainSize * Sector.Size, (int)header.EntriesPerTable);

    private static bool HasZeroedGrains(VmdkHeader header) => (header.Flags & VmdkFlags.ZeroedGrains) != 0;

    // The last three sectors: a marker, the footer, which is a header that knows where the directory is, and the end marker.
    private static VmdkHeader ReadFooter(IStorage storage, VmdkHeader header)
    {
        const int MarkerSize = Sector.Size;
        byte[] bytes = new byte[MarkerSize + VmdkHeader.Size + MarkerSize];
        long start = storage.Length - bytes.Length;
        if (start < VmdkHeader.Size)
        {
            throw Damaged(storage, "the footer", "missing", "in the last sectors of the file");
        }

        storage.ReadExactly(start, bytes);
        ReadOnlySpan<byte> footerBytes = bytes.AsSpan(MarkerSize, VmdkHeader.Size);
        VmdkMarker before = VmdkMarker.Parse(bytes);
        VmdkMarker end = VmdkMarker.Parse(bytes.AsSpan(MarkerSize + VmdkHeader.Size));
        if (before is not { DataSize: 0, Type: VmdkMarker.Footer }
            || end is not { Value: 0, DataSize: 0, Type: VmdkMarker.EndOfStream }
            || !VmdkHeader.HasMagic(footerBytes))
        {
            throw Damaged(storage, "the footer", "missing", "between two markers in the last sectors of the file, where gdOffset says it is");
        }

        VmdkHeader footer = VmdkHeader.Parse(footerBytes);
        Validate(storage, footer, footerBytes);
        return (footer.Capacity, footer.GrainSize, footer.EntriesPerTable, footer.Flags) == (header.Capacity, header.GrainSize, header.EntriesPerTable, header.Flags)
            ? footer
            : throw Damaged(
                storage,
                "the footer",
                FormattableString.Invariant($"of {footer.Capacity} sectors in grains of {footer.GrainSize}, {footer.EntriesPerTable} to a table, flags 0x{(uint)footer.Flags:x}"),
                FormattableString.Invariant($"the same as in the header: {header.Capacity}, {header.GrainSize}, {header.EntriesPerTable}, 0x{(uint)header.Flags:x}"));
    }

    private static void Validate(IStorage storage, VmdkHeader header, ReadOnlySpan<byte> bytes)
    {
        const ulong MaxSectors = long.MaxValue / Sector.Size / 2;
        if (header.Version is 0 or > 3)
        {
            throw Unsupported(storage, $"version {header.Version}");
        }

        if ((header.Flags & ~Known) is not VmdkFlags.None and var unknown)
        {
            throw Unsupported(storage, $"flags 0x{(uint)unknown:x}");
        }

        if ((header.Flags & VmdkFlags.LineEnds) != 0 && !VmdkHeader.HasLineEnds(bytes))
        {
            throw Damaged(storage, "the line-end field of the header", "changed", "as it was written: the file was transferred as text");
        }

        ValidateCompression(storage, header);

        // With a capacity of 0 the file holds a descriptor, and perhaps the flat disk that it describes.
        if (header.Capacity == 0)
        {
            return;
        }

        if (header.Capacity > MaxSectors)
        {
            throw Damaged(storage, "capacity", header.Capacity, $"1 to {MaxSectors} sectors");
        }

        if (header.GrainSize is < 8 or > 1 << 17 || (header.GrainSize & (header.GrainSize - 1)) != 0)
        {
            throw Damaged(storage, "grainSize", header.GrainSize, "a power of two from 8 to 131072 sectors");
        }

        if (header.EntriesPerTable is 0 or > 1 << 16)
        {
            throw Damaged(storage, "numGTEsPerGT", header.EntriesPerTable, "1 to 65536");
        }
    }

    private static void ValidateCompression(IStorage storage, VmdkHeader header)
    {
        bool isCompressed = (header.Flags & VmdkFlags.CompressedGrains) != 0;
        if (header.CompressAlgorithm > VmdkHeader.Deflate)
        {
            throw Unsupported(storage, $"compression algorithm {header.CompressAlgorithm}");
        }

        if (isCompressed != (header.CompressAlgorithm == VmdkHeader.Deflate))
        {
            throw Damaged(storage, "compressAlgorithm", header.CompressAlgorithm, isCompressed ? "1, as the flags say" : "0, as the flags say");
        }

        if (isCompressed != ((header.Flags & VmdkFlags.Markers) != 0))
        {
            throw Unsupported(storage, $"{(isCompressed ? "compressed grains without markers" : "markers before grains that are not compressed")}");
        }

        const ulong MaxSectors = VmdkCompressedGrains.MaxGrainSize / Sector.Size;
        if (isCompressed && header.GrainSize > MaxSectors)
        {
            throw Unsupported(storage, $"compressed grains of {header.GrainSize} sectors");
        }
    }

    private static QedUnsupportedFormatException Unsupported(IStorage storage, FormattableString feature) =>
        QedUnsupportedFormatException.ForFeature(storage.Path, VmdkFormat.FormatName, FormattableString.Invariant(feature));
}
