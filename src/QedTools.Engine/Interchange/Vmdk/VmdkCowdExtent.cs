using System;
using System.Buffers.Binary;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange.Vmdk;

/// <summary>A sparse extent of ESX servers, mostly a delta over a parent ("Virtual Disk Format 5.0", "ESX Server Sparse Extents"; vmfsSparse).</summary>
internal sealed class VmdkCowdExtent : VmdkExtent
{
    private const int HeaderSize = 2048;
    private const uint KnownVersion = 1;
    private const uint KnownFlags = 3;

    // The specification fixes the size of a grain table; that of a grain is one sector in all deltas.
    private const int EntriesPerTable = 4096;
    private const uint MaxGrainSectors = 1 << 17;

    private readonly VmdkGrains _grains;
    private readonly VmdkGrainMap _map;

    private VmdkCowdExtent(IStorage storage, VmdkGrains grains, long length, long directoryOffset, VmdkTables tables)
        : base(storage)
    {
        _grains = grains;
        Length = length;
        _map = new VmdkGrainMap.OfExtent(storage, grains, directoryOffset, grains.TablesFor(length), hasZeroedGrains: false, tables);
    }

    public override long Length { get; }

    public override int GrainSize => _grains.GrainSize;

    private static ReadOnlySpan<byte> Magic => "COWD"u8;

    /// <summary>Whether a file begins like one.</summary>
    /// <exception cref="QedException">It could not be read.</exception>
    public static bool IsOne(IStorage storage)
    {
        Span<byte> start = stackalloc byte[4];
        return storage.Read(0, start) == start.Length && start.SequenceEqual(Magic);
    }

    /// <summary>Reads and validates the header of a file.</summary>
    /// <param name="storage">The file.</param>
    /// <param name="tables">Keeps its tables.</param>
    /// <exception cref="QedDamagedFileException">A field has a value that the format does not allow, or the file is cut short.</exception>
    /// <exception cref="QedUnsupportedFormatException">It is of a version that is not read.</exception>
    /// <exception cref="QedException">It could not be read.</exception>
    public static VmdkCowdExtent Open(IStorage storage, VmdkTables tables)
    {
        byte[] bytes = new byte[HeaderSize];
        if (storage.Read(0, bytes) < bytes.Length || !bytes.AsSpan().StartsWith(Magic))
        {
            throw Damaged(storage, "the header", "cut short or something else", "2048 bytes that begin with \"COWD\"");
        }

        uint version = FieldAt(4);
        uint flags = FieldAt(8);
        uint sectors = FieldAt(12);
        uint grainSectors = FieldAt(16);
        uint directory = FieldAt(20);
        uint tableCount = FieldAt(24);
        if (version != KnownVersion || (flags & ~KnownFlags) != 0)
        {
            throw QedUnsupportedFormatException.ForFeature(
                storage.Path, VmdkFormat.FormatName, FormattableString.Invariant($"a COWD extent of version {version} with flags 0x{flags:x}"));
        }

        if (sectors == 0)
        {
            throw Damaged(storage, "numSectors", sectors, "1 or more");
        }

        if (grainSectors is 0 or > MaxGrainSectors)
        {
            throw Damaged(storage, "grainSize", grainSectors, FormattableString.Invariant($"1 to {MaxGrainSectors} sectors"));
        }

        VmdkGrains grains = new((int)grainSectors * Sector.Size, EntriesPerTable);
        long length = (long)sectors * Sector.Size;
        long needed = grains.TablesFor(length);
        if (tableCount < needed)
        {
            throw Damaged(storage, "numGDEntries", tableCount, FormattableString.Invariant($"at least {needed}, as many as the disk needs"));
        }

        long directoryOffset = (long)directory * Sector.Size;
        return directoryOffset >= HeaderSize && directoryOffset + (needed * sizeof(uint)) <= storage.Length
            ? new VmdkCowdExtent(storage, grains, length, directoryOffset, tables)
            : throw Damaged(storage, "gdOffset", directory, "at least 4, so that the grain directory is inside the file and after the header");

        uint FieldAt(int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));
    }

    public override IDisk ToDisk(IDisk? parent) =>
        new VmdkDisk(Storage, _grains, _map, Length, FileLength, hasZeroedGrains: false, compressed: null, parent);
}
