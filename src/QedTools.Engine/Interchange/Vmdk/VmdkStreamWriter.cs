using System;
using System.Buffers.Binary;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange.Vmdk;

/// <summary>
/// Writes a stream-optimized extent from front to back ("Virtual Disk Format 5.0", "Stream-Optimized Compressed Sparse Extents"): header and
/// descriptor, the grains of each grain table and then the table, the grain directory, the footer and the marker of the end.
/// </summary>
internal sealed class VmdkStreamWriter : IDiskCompression
{
    // What VMware writes for compressed disks; ESXi refuses lower versions ("sparse VMDK version too old").
    private const uint Version = 3;

    private const long DescriptorOffset = 1;
    private const long DescriptorSectors = 20;

    // Room for header and descriptor, in sectors: a grain, as in VMware's own files.
    private const long Overhead = 128;

    private const long NoTable = -1;

    private readonly IStorage _storage;
    private readonly VmdkGrains _grains;
    private readonly VmdkHeader _header;

    // The largest disk has 65,280 tables: 255 KiB.
    private readonly byte[] _directory;
    private readonly byte[] _table;
    private readonly byte[] _grain;
    private long _tableNumber = NoTable;
    private long _nextGrain;
    private long _end = Overhead * Sector.Size;

    private VmdkStreamWriter(IStorage storage, VmdkGrains grains, in VmdkHeader header, long tables)
    {
        _storage = storage;
        _grains = grains;
        _header = header;
        _directory = new byte[Sector.RoundUp(tables * sizeof(uint))];
        _table = new byte[grains.TableBytes];
        _grain = new byte[Sector.RoundUp(VmdkMarker.GrainHeaderSize + MaxPackedBytes)];
    }

    // A grain has no other form than the compressed one. Deflate needs a few bytes more than the data at the most.
    public int MaxPackedBytes => 2 * _grains.GrainSize;

    /// <summary>Writes header and descriptor.</summary>
    /// <param name="storage">An empty file.</param>
    /// <param name="grains">The sizes.</param>
    /// <param name="virtualSize">The disk's size, in bytes: whole sectors.</param>
    /// <param name="fileName">The name that the file is to get, without a folder.</param>
    /// <param name="adapter">The disk controller that the descriptor names.</param>
    /// <exception cref="QedException">The file could not be written.</exception>
    public static VmdkStreamWriter Begin(IStorage storage, VmdkGrains grains, long virtualSize, string fileName, QedAdapterType adapter)
    {
        VmdkHeader header = new(
            Version,
            VmdkFlags.LineEnds | VmdkFlags.CompressedGrains | VmdkFlags.Markers,
            (ulong)(virtualSize / Sector.Size),
            (ulong)grains.SectorsPerGrain,
            (ulong)DescriptorOffset,
            (ulong)DescriptorSectors,
            (uint)grains.EntriesPerTable,
            RedundantDirectoryOffset: 0,
            VmdkHeader.DirectoryAtEnd,
            (ulong)Overhead,
            IsUnclean: false,
            VmdkHeader.Deflate);
        byte[] start = new byte[Overhead * Sector.Size];
        header.WriteTo(start);
        uint contentId = VmdkDescriptor.NewContentId();
        VmdkDescriptor.Of(VmdkDescriptor.Stream, fileName, (long)header.Capacity, contentId, adapter)
            .CopyTo(start, (int)DescriptorOffset * Sector.Size);
        storage.Write(0, start);
        return new VmdkStreamWriter(storage, grains, header, grains.TablesFor(virtualSize)) { ContentId = contentId };
    }

    /// <summary>The disk's CID.</summary>
    public uint ContentId { get; private init; }

    /// <summary>How long a new file becomes at most.</summary>
    /// <param name="virtualSize">The disk's size, in bytes: whole sectors.</param>
    public static NewFileSize SizeOf(long virtualSize)
    {
        VmdkGrains grains = VmdkGrains.Default;
        long grainBytes = Sector.RoundUp(VmdkMarker.GrainHeaderSize + ZlibData.MaxLengthFor(grains.GrainSize));

        // Each table has a marker before it, and so have the directory, the footer and the end.
        long rest = (Overhead * Sector.Size) + (4 * Sector.Size) + Sector.RoundUp(grains.TablesFor(virtualSize) * sizeof(uint));
        return new NewFileSize(
            grains.GrainSize, grains.GrainSize, (count, tables) => rest + (count * grainBytes) + (tables * (Sector.Size + grains.TableBytes)))
        {
            UnitsPerTable = grains.EntriesPerTable,
            IsUpperBound = true,
        };
    }

    public bool TryPack(ReadOnlySpan<byte> unit, Span<byte> packed, out int length) => ZlibData.TryPack(unit, packed, out length);

    public void WritePacked(long offset, ReadOnlySpan<byte> packed)
    {
        long grain = _grains.IndexOf(offset);
        if (grain < _nextGrain)
        {
            throw new InvalidOperationException("Grains are written in order, each once.");
        }

        _nextGrain = grain + 1;
        long table = grain / _grains.EntriesPerTable;
        if (table != _tableNumber)
        {
            WriteTable();
            _tableNumber = table;
        }

        int index = (int)(grain % _grains.EntriesPerTable);
        BinaryPrimitives.WriteUInt32LittleEndian(_table.AsSpan(index * sizeof(uint)), EndInSectors());
        int length = VmdkMarker.GrainHeaderSize + packed.Length;
        int padded = (int)Sector.RoundUp(length);
        VmdkMarker.WriteGrainHeader(_grain, (ulong)(grain * _grains.SectorsPerGrain), (uint)packed.Length);
        packed.CopyTo(_grain.AsSpan(VmdkMarker.GrainHeaderSize));
        _grain.AsSpan(length, padded - length).Clear();
        Append(_grain.AsSpan(0, padded));
    }

    /// <summary>Writes what stands behind the grains.</summary>
    /// <exception cref="QedException">The file could not be written.</exception>
    public void End()
    {
        WriteTable();
        AppendMarker(_directory.Length, VmdkMarker.GrainDirectory);
        VmdkHeader footer = _header with { DirectoryOffset = EndInSectors() };
        Append(_directory);
        byte[] bytes = new byte[VmdkHeader.Size];
        footer.WriteTo(bytes);
        AppendMarker(bytes.Length, VmdkMarker.Footer);
        Append(bytes);
        AppendMarker(0, VmdkMarker.EndOfStream);
    }

    private void WriteTable()
    {
        if (_tableNumber == NoTable)
        {
            return;
        }

        AppendMarker(_table.Length, VmdkMarker.GrainTable);
        BinaryPrimitives.WriteUInt32LittleEndian(_directory.AsSpan((int)_tableNumber * sizeof(uint)), EndInSectors());
        Append(_table);
        _table.AsSpan().Clear();
    }

    private void AppendMarker(long bytes, uint type)
    {
        Span<byte> marker = stackalloc byte[Sector.Size];
        marker.Clear();
        new VmdkMarker((ulong)(bytes / Sector.Size), DataSize: 0, type).WriteTo(marker);
        Append(marker);
    }

    private void Append(ReadOnlySpan<byte> data)
    {
        _storage.Write(_end, data);
        _end += data.Length;
    }

    private uint EndInSectors() => _end / Sector.Size is <= uint.MaxValue and var sectors
        ? (uint)sectors
        : throw new QedLimitException(_storage.Path, "FileLength", _end, $"up to {uint.MaxValue} sectors in a VMDK file");
}
