using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.Text;

namespace QedTools.Tests.Interchange.Vmdk;

/// <summary>The state that a grain of a seSparse file should have.</summary>
internal enum SeSparseGrain
{
    NotThere,
    GivenBack,
    Zero,
    Data,
}

/// <summary>
/// VMware's file types, written from the specification alone ("Virtual Disk Format 5.0"; for seSparse, from what QEMU reads), without any
/// code of the engine.
/// </summary>
internal sealed class VmdkSketch
{
    public const int Sector = 512;

    private readonly List<byte> _file = [];

    /// <summary>The offset of each grain's marker, or of its data if there are no markers, in bytes.</summary>
    public Dictionary<int, long> Grains { get; } = [];

    /// <summary>The offset of each grain's entry, in bytes.</summary>
    public Dictionary<int, long> Entries { get; } = [];

    /// <summary>The offset of the grain directory, in bytes.</summary>
    public long Directory { get; private set; }

    public byte[] Bytes => [.. _file];

    public static string Text(string type, string extents, string cid = "0000000a", string? parentCid = null, string parent = "") =>
        $"# Disk DescriptorFile\nversion=1\nencoding=\"UTF-8\"\nCID={cid}\nparentCID={parentCid ?? "ffffffff"}\ncreateType=\"{type}\"\n"
        + (parentCid is null ? string.Empty : $"parentFileNameHint=\"{parent}\"\n")
        + $"\n# Extent description\n{extents}\n\n# The Disk Data Base\n#DDB\n\nddb.virtualHWVersion = \"4\"\nddb.adapterType = \"ide\"\n";

    /// <summary>
    /// A stream-optimized file as VMware's tools write it: markers, tables after their grains, directory and footer at the end.
    /// </summary>
    public static VmdkSketch Stream(
        byte[] contents,
        Func<int, bool> isThere,
        int grainSectors = 128,
        int perTable = 512,
        uint version = 3,
        bool hasFooter = true,
        string? descriptor = null,
        CompressionLevel level = CompressionLevel.Optimal,
        Func<int, byte[], byte[]>? pack = null)
    {
        VmdkSketch sketch = new();
        int sectors = contents.Length / Sector;
        byte[] header = Header(version, 0x30001, sectors, grainSectors, 1, 20, perTable, ulong.MaxValue, compression: 1, overhead: 128);
        sketch.Append(header);
        sketch.Append(Encoding.UTF8.GetBytes(descriptor ?? Text("streamOptimized", $"RW {sectors} SPARSE \"disk.vmdk\"")));
        sketch.PadTo(128 * Sector);
        int grain = grainSectors * Sector;
        int grains = (contents.Length + grain - 1) / grain;
        int tables = (grains + perTable - 1) / perTable;
        byte[] directory = new byte[RoundUp(tables * 4, Sector)];
        for (int table = 0; table < tables; table++)
        {
            byte[] entries = new byte[RoundUp(perTable * 4, Sector)];
            List<int> there = [];
            for (int i = table * perTable; i < Math.Min(grains, (table + 1) * perTable); i++)
            {
                if (!isThere(i))
                {
                    continue;
                }

                // The last grain is a full one, with zeroes past the end of the disk.
                byte[] plain = new byte[grain];
                contents.AsSpan(i * grain, Math.Min(grain, contents.Length - (i * grain))).CopyTo(plain);
                byte[] packed = pack?.Invoke(i, plain) ?? Zlib(plain, level);
                BinaryPrimitives.WriteUInt32LittleEndian(entries.AsSpan(i % perTable * 4), sketch.NextSector);
                sketch.Grains.Add(i, sketch._file.Count);
                there.Add(i);
                sketch.Append([.. Number((long)i * grainSectors), .. Number(packed.Length)[..4], .. packed]);
                sketch.PadTo(RoundUp(sketch._file.Count, Sector));
            }

            if (there.Count > 0)
            {
                sketch.Append(Marker(entries.Length / Sector, 1));
                BinaryPrimitives.WriteUInt32LittleEndian(directory.AsSpan(table * 4), sketch.NextSector);
                there.ForEach(i => sketch.Entries.Add(i, sketch._file.Count + (i % perTable * 4)));
                sketch.Append(entries);
            }
        }

        sketch.Append(Marker(directory.Length / Sector, 2));
        sketch.Directory = sketch._file.Count;
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(56), sketch.NextSector);
        sketch.Append(directory);
        if (hasFooter)
        {
            sketch.Append(Marker(1, 3));
            sketch.Append(header);
            sketch.Append(new byte[Sector]);
        }
        else
        {
            for (int i = 0; i < header.Length; i++)
            {
                sketch._file[i] = header[i];
            }
        }

        return sketch;
    }

    /// <summary>A hosted sparse extent without a descriptor, used as a part of a disk.</summary>
    public static VmdkSketch Hosted(byte[] contents, Func<int, bool> isThere, int grainSectors = 128, int perTable = 512)
    {
        int grains = Count(contents.Length, grainSectors * Sector);
        int tables = Count(grains, perTable);
        int tableSectors = Count(perTable * 4, Sector);
        int directorySectors = Count(tables * 4, Sector);
        VmdkSketch sketch = new();
        int overhead = 1 + directorySectors + (tables * tableSectors);
        sketch.Append(Header(1, 1, contents.Length / Sector, grainSectors, 0, 0, perTable, directory: 1, compression: 0, overhead));
        sketch.Fill(contents, isThere, grainSectors, perTable, tables, 1, 1 + directorySectors, tableSectors);
        return sketch;
    }

    /// <summary>A sparse extent of an ESX server.</summary>
    public static VmdkSketch Cowd(byte[] contents, Func<int, bool> isThere, int grainSectors = 1)
    {
        const int PerTable = 4096;
        int tables = Count(Count(contents.Length, grainSectors * Sector), PerTable);
        VmdkSketch sketch = new();
        byte[] header = new byte[2048];
        "COWD"u8.CopyTo(header);
        uint[] fields = [1, 3, (uint)(contents.Length / Sector), (uint)grainSectors, 4, (uint)tables];
        for (int i = 0; i < fields.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(4 + (4 * i)), fields[i]);
        }

        sketch.Append(header);
        sketch.Fill(contents, isThere, grainSectors, PerTable, tables, 4, 4 + Count(tables * 4, Sector), PerTable * 4 / Sector);
        return sketch;
    }

    /// <summary>
    /// A space-efficient sparse extent. The grains are stored from last to first, so that grain numbers and positions differ.
    /// </summary>
    public static VmdkSketch SeSparse(byte[] contents, Func<int, SeSparseGrain> stateOf, bool isReversed = false)
    {
        const int GrainBytes = 4096;
        const int PerTable = 4096;
        int grains = Count(contents.Length, GrainBytes);
        int tables = Count(grains, PerTable);
        int directorySectors = Count(tables * 8, Sector);
        const int DirectoryAt = 8;
        int tablesAt = DirectoryAt + directorySectors;
        int grainsAt = tablesAt + (tables * 64);
        byte[] header = new byte[Sector];
        ulong[] fields =
        [
            0xCAFEBABE, 0x2_0000_0001, (ulong)(contents.Length / Sector), 8, 64, 0, 0, 0, 0, 0, 1, 1, 2, 2, 4, 4, DirectoryAt, (ulong)directorySectors,
            (ulong)tablesAt, (ulong)(tables * 64), 0, 0, 0, 0, (ulong)grainsAt, (ulong)(grains * 8),
        ];
        for (int i = 0; i < fields.Length; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(8 * i), fields[i]);
        }

        VmdkSketch sketch = new() { Directory = DirectoryAt * Sector };
        sketch.Append(header);
        sketch.Append([.. Number(0xCAFECAFE), .. new byte[Sector - 8]]);
        byte[] file = new byte[grainsAt * Sector];
        List<int> stored = [];
        for (int i = 0; i < grains; i++)
        {
            SeSparseGrain state = stateOf(i);
            if (state == SeSparseGrain.NotThere)
            {
                continue;
            }

            // Tables are stored from last to first, too.
            int number = isReversed ? tables - 1 - (i / PerTable) : i / PerTable;
            BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan((DirectoryAt * Sector) + (i / PerTable * 8)), 0x1000_0000_0000_0000 + (ulong)number);
            int entryAt = (((tablesAt + (number * 64)) * Sector) + (i % PerTable * 8));
            sketch.Entries.Add(i, entryAt);
            ulong value = (ulong)state << 60;
            if (state == SeSparseGrain.Data)
            {
                stored.Add(i);
            }

            BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(entryAt), value);
        }

        if (isReversed)
        {
            stored.Reverse();
        }

        List<byte> data = [];
        foreach (int i in stored)
        {
            ulong number = (ulong)(data.Count / GrainBytes);
            BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan((int)sketch.Entries[i]), 0x3000_0000_0000_0000 | ((number & 0xFFF) << 48) | (number >> 12));
            byte[] grain = new byte[GrainBytes];
            contents.AsSpan(i * GrainBytes, Math.Min(GrainBytes, contents.Length - (i * GrainBytes))).CopyTo(grain);
            sketch.Grains.Add(i, (grainsAt * Sector) + data.Count);
            data.AddRange(grain);
        }

        sketch.Append(file.AsSpan(sketch._file.Count));
        sketch.Append([.. data]);
        return sketch;
    }

    public static byte[] Zlib(byte[] plain, CompressionLevel level = CompressionLevel.Optimal)
    {
        using MemoryStream packed = new();
        using (ZLibStream zlib = new(packed, level))
        {
            zlib.Write(plain);
        }

        return packed.ToArray();
    }

    private static byte[] Header(
        uint version, uint flags, long capacity, int grainSectors, int descriptorAt, int descriptorSectors, int perTable, ulong directory, ushort compression, int overhead)
    {
        byte[] header = new byte[Sector];
        "KDMV"u8.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(4), version);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(8), flags);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(12), capacity);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(20), grainSectors);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(28), descriptorAt);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(36), descriptorSectors);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(44), perTable);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(56), directory);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(64), overhead);
        "\n \r\n"u8.CopyTo(header.AsSpan(73));
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(77), compression);
        return header;
    }

    private static byte[] Marker(int sectors, int type) => [.. Number(sectors), 0, 0, 0, 0, .. Number(type)[..4], .. new byte[Sector - 16]];

    private static byte[] Number(long value)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        return bytes;
    }

    private static int Count(int all, int unit) => (all + unit - 1) / unit;

    private static int RoundUp(int value, int unit) => Count(value, unit) * unit;

    private uint NextSector => (uint)(_file.Count / Sector);

    // Writes the directory, tables and uncompressed grains. Every other table is left out if it has no grains.
    private void Fill(byte[] contents, Func<int, bool> isThere, int grainSectors, int perTable, int tables, int directoryAt, int tablesAt, int tableSectors)
    {
        int grain = grainSectors * Sector;
        int dataAt = tablesAt + (tables * tableSectors);
        byte[] start = new byte[dataAt * Sector];
        Directory = directoryAt * Sector;
        List<byte> data = [];
        for (int i = 0; i < Count(contents.Length, grain); i++)
        {
            if (!isThere(i))
            {
                continue;
            }

            int table = tablesAt + (i / perTable * tableSectors);
            BinaryPrimitives.WriteInt32LittleEndian(start.AsSpan((directoryAt * Sector) + (i / perTable * 4)), table);
            int entryAt = (table * Sector) + (i % perTable * 4);
            BinaryPrimitives.WriteInt32LittleEndian(start.AsSpan(entryAt), dataAt + (data.Count / Sector));
            Entries.Add(i, entryAt);
            Grains.Add(i, (dataAt * Sector) + data.Count);
            byte[] bytes = new byte[grain];
            contents.AsSpan(i * grain, Math.Min(grain, contents.Length - (i * grain))).CopyTo(bytes);
            data.AddRange(bytes);
        }

        Append(start.AsSpan(_file.Count));
        Append([.. data]);
    }

    private void Append(ReadOnlySpan<byte> bytes) => _file.AddRange(bytes);

    private void PadTo(int length) => _file.AddRange(new byte[length - _file.Count]);
}
