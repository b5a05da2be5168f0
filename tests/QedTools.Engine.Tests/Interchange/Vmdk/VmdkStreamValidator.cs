using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using Xunit;

namespace QedTools.Tests.Interchange.Vmdk;

/// <summary>
/// Reads a stream-optimized VMDK file from front to back, as an import does that never seeks, and fails at the first thing that "Virtual Disk
/// Format 5.0" ("Hosted Sparse Extents", "Stream-Optimized Compressed Sparse Extents") does not allow. It shares no code with the writer.
/// </summary>
internal sealed class VmdkStreamValidator
{
    private const int SectorBytes = 512;
    private const int GrainSectors = 128;
    private const int EntriesPerTable = 512;

    private readonly byte[] _file;
    private readonly byte[] _disk;
    private readonly Dictionary<long, uint> _grains = [];
    private readonly Dictionary<long, uint> _tables = [];
    private long _lastGrain = -1;
    private uint _directoryAt;
    private int _sector;

    private VmdkStreamValidator(byte[] file, ulong capacity)
    {
        _file = file;
        _disk = new byte[capacity * SectorBytes];
    }

    private enum MarkerType : uint
    {
        EndOfStream = 0,
        GrainTable = 1,
        GrainDirectory = 2,
        Footer = 3,
    }

    private long Grains => (_disk.Length + (GrainSectors * SectorBytes) - 1) / (GrainSectors * SectorBytes);

    private long Tables => (Grains + EntriesPerTable - 1) / EntriesPerTable;

    /// <summary>The disk's contents, and the text that describes it.</summary>
    public static (byte[] Contents, string Descriptor) Read(byte[] file)
    {
        Assert.Equal(0, file.Length % SectorBytes);
        ReadOnlySpan<byte> header = file.AsSpan(0, SectorBytes);
        VmdkStreamValidator reader = new(file, BinaryPrimitives.ReadUInt64LittleEndian(header[12..]));
        CheckHeader(header, directoryOffset: ulong.MaxValue);
        string descriptor = CheckDescriptor(file, reader._disk.Length / SectorBytes);
        reader._sector = (int)BinaryPrimitives.ReadUInt64LittleEndian(header[64..]);
        reader.ReadBehindOverhead();
        return (reader._disk, descriptor);
    }

    private static void CheckHeader(ReadOnlySpan<byte> header, ulong directoryOffset)
    {
        Assert.Equal("KDMV"u8.ToArray(), header[..4].ToArray());
        Assert.Equal(3u, BinaryPrimitives.ReadUInt32LittleEndian(header[4..]));
        Assert.Equal(0x30001u, BinaryPrimitives.ReadUInt32LittleEndian(header[8..])); // line ends, compressed grains, markers
        Assert.NotEqual(0u, BinaryPrimitives.ReadUInt64LittleEndian(header[12..]));
        Assert.Equal((ulong)GrainSectors, BinaryPrimitives.ReadUInt64LittleEndian(header[20..]));
        ulong descriptorEnd = BinaryPrimitives.ReadUInt64LittleEndian(header[28..]) + BinaryPrimitives.ReadUInt64LittleEndian(header[36..]);
        Assert.Equal((uint)EntriesPerTable, BinaryPrimitives.ReadUInt32LittleEndian(header[44..]));
        Assert.Equal(0ul, BinaryPrimitives.ReadUInt64LittleEndian(header[48..])); // the flags say that there is no second directory
        Assert.Equal(directoryOffset, BinaryPrimitives.ReadUInt64LittleEndian(header[56..]));
        Assert.True(BinaryPrimitives.ReadUInt64LittleEndian(header[64..]) >= descriptorEnd);
        Assert.Equal(0, header[72]); // closed cleanly
        Assert.Equal("\n \r\n"u8.ToArray(), header[73..77].ToArray());
        Assert.Equal(1, BinaryPrimitives.ReadUInt16LittleEndian(header[77..])); // deflate
        Assert.Equal(-1, header[79..].IndexOfAnyExcept((byte)0));
    }

    private static string CheckDescriptor(byte[] file, long capacity)
    {
        int start = (int)BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(28)) * SectorBytes;
        int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(36)) * SectorBytes;
        Assert.True(start >= SectorBytes);
        string text = Encoding.UTF8.GetString(file, start, length).TrimEnd('\0');
        Assert.StartsWith("# Disk DescriptorFile\nversion=1\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\0', text);
        Assert.Matches("(?m)^CID=(?!fffffff[ef])[0-9a-f]{8}$", text);
        Assert.Matches("(?m)^parentCID=ffffffff$", text);
        Assert.Matches("(?m)^createType=\"streamOptimized\"$", text);
        Assert.Equal($"RW {capacity} SPARSE", Regex.Match(text, "(?m)^(RW [0-9]+ SPARSE) \"[^\"\n]+\"$").Groups[1].Value);
        return text;
    }

    private void ReadBehindOverhead()
    {
        bool hasFooter = false;
        while (true)
        {
            ReadOnlySpan<byte> marker = Take(1);
            ulong value = BinaryPrimitives.ReadUInt64LittleEndian(marker);
            uint size = BinaryPrimitives.ReadUInt32LittleEndian(marker[8..]);
            if (size != 0)
            {
                Assert.Equal(0u, _directoryAt);
                ReadGrain(value, (int)size);
                continue;
            }

            MarkerType type = (MarkerType)BinaryPrimitives.ReadUInt32LittleEndian(marker[12..]);
            Assert.Equal(-1, marker[16..].IndexOfAnyExcept((byte)0));
            switch (type)
            {
                case MarkerType.GrainTable:
                    Assert.Equal(0u, _directoryAt);
                    ReadTable(value);
                    break;
                case MarkerType.GrainDirectory:
                    Assert.Equal(0u, _directoryAt);
                    ReadDirectory(value);
                    break;
                case MarkerType.Footer:
                    Assert.Equal(1ul, value);
                    Assert.NotEqual(0u, _directoryAt);
                    ReadFooter();
                    hasFooter = true;
                    break;
                default:
                    Assert.Equal(MarkerType.EndOfStream, type);
                    Assert.Equal(0ul, value);
                    Assert.True(hasFooter, "no footer");
                    Assert.Equal(_file.Length, _sector * SectorBytes);
                    return;
            }
        }
    }

    private void ReadGrain(ulong firstSector, int size)
    {
        uint at = (uint)_sector - 1;
        Assert.Equal(0ul, firstSector % GrainSectors);
        long grain = (long)firstSector / GrainSectors;
        Assert.True(grain > _lastGrain, $"grain {grain} behind grain {_lastGrain}");
        Assert.True(grain < Grains, $"grain {grain} of {Grains}");
        _lastGrain = grain;

        // A grain and a sector: the room that VMware's own reader has for marker and data.
        Assert.InRange(size, 1, ((GrainSectors + 1) * SectorBytes) - 12);
        int sectors = (12 + size + SectorBytes - 1) / SectorBytes;
        _ = Take(sectors - 1);
        ReadOnlySpan<byte> stored = _file.AsSpan((int)at * SectorBytes, sectors * SectorBytes);
        Assert.Equal(-1, stored[(12 + size)..].IndexOfAnyExcept((byte)0));

        using ZLibStream zlib = new(new MemoryStream(stored.Slice(12, size).ToArray()), CompressionMode.Decompress);
        byte[] data = new byte[(GrainSectors * SectorBytes) + 1];
        Assert.Equal(GrainSectors * SectorBytes, zlib.ReadAtLeast(data, data.Length, throwOnEndOfStream: false));
        Assert.NotEqual(-1, data.AsSpan().IndexOfAnyExcept((byte)0));
        int start = (int)(grain * GrainSectors * SectorBytes);
        data.AsSpan(0, Math.Min(GrainSectors * SectorBytes, _disk.Length - start)).CopyTo(_disk.AsSpan(start));
        _grains.Add(grain, at);
    }

    // A table comes behind all of its grains.
    private void ReadTable(ulong sectors)
    {
        Assert.Equal((ulong)(EntriesPerTable * 4 / SectorBytes), sectors);
        uint at = (uint)_sector;
        long number = _lastGrain / EntriesPerTable;
        ReadOnlySpan<byte> table = Take((int)sectors);
        for (int i = 0; i < EntriesPerTable; i++)
        {
            Assert.Equal(_grains.GetValueOrDefault((number * EntriesPerTable) + i), BinaryPrimitives.ReadUInt32LittleEndian(table[(4 * i)..]));
        }

        _tables.Add(number, at);
    }

    private void ReadDirectory(ulong sectors)
    {
        Assert.Equal((ulong)((Tables * 4) + SectorBytes - 1) / SectorBytes, sectors);
        _directoryAt = (uint)_sector;
        ReadOnlySpan<byte> directory = Take((int)sectors);
        for (int i = 0; i < directory.Length / 4; i++)
        {
            Assert.Equal(_tables.GetValueOrDefault(i), BinaryPrimitives.ReadUInt32LittleEndian(directory[(4 * i)..]));
        }

        Assert.All(_grains.Keys, grain => Assert.Contains(grain / EntriesPerTable, (IDictionary<long, uint>)_tables));
    }

    // A copy of the header but for the place of the directory.
    private void ReadFooter()
    {
        ReadOnlySpan<byte> footer = Take(1);
        CheckHeader(footer, _directoryAt);
        Assert.Equal(_file[..56], footer[..56].ToArray());
        Assert.Equal(_file[64..SectorBytes], footer[64..].ToArray());
    }

    private ReadOnlySpan<byte> Take(int sectors)
    {
        Assert.InRange(_sector + sectors, 0, _file.Length / SectorBytes);
        ReadOnlySpan<byte> taken = _file.AsSpan(_sector * SectorBytes, sectors * SectorBytes);
        _sector += sectors;
        return taken;
    }
}
