using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Text;
using Xunit;

namespace QedTools.Tests.Interchange;

/// <summary>
/// Differencing files read as their specifications say ([MS-VHDX]; "Virtual Hard Disk Image Format Specification" 1.0), with nothing of the
/// engine in between. Whatever a file must not have is a failure.
/// </summary>
internal sealed class ReferenceDifferencing
{
    private readonly byte[] _file;
    private readonly List<(long Start, long End)> _taken = [];

    private ReferenceDifferencing(byte[] file) => _file = file;

    public long DiskSize { get; private set; }

    public long BlockSize { get; private set; }

    public int SectorSize { get; private set; } = 512;

    /// <summary>The state of each block (VHDX), or whether it is there (VHD: 1 or 0).</summary>
    public List<int> States { get; } = [];

    /// <summary>The sectors that are in the file.</summary>
    public SortedSet<long> Sectors { get; } = [];

    /// <summary>The keys of a parent locator (VHDX), or the names by their platform codes (VHD).</summary>
    public Dictionary<string, string> Locator { get; } = [];

    public Guid DiskId { get; private set; }

    public Guid ParentId { get; private set; }

    public uint ParentTime { get; private set; }

    public string ParentName { get; private set; } = string.Empty;

    public uint PhysicalSectorSize { get; private set; }

    public byte[] Disk { get; private set; } = [];

    /// <summary>Reads a VHDX file over what its parent reads as.</summary>
    public static ReferenceDifferencing Vhdx(byte[] file, byte[] parent)
    {
        ReferenceDifferencing read = new(file);
        Assert.Equal("vhdxfile"u8.ToArray(), file[..8]);
        int current = read.U64(65536 + 8) > read.U64(131072 + 8) ? 65536 : 131072;
        Assert.Equal("head"u8.ToArray(), file[current..(current + 4)]);
        Assert.Equal(Guid.Empty, new Guid(file.AsSpan(current + 48, 16)));
        read.Take(0, 1 << 20);
        read.Take((long)read.U64(current + 72), read.U32(current + 68));
        Dictionary<Guid, (long Offset, uint Length)> regions = [];
        for (int i = 0; i < read.U32((192 << 10) + 8); i++)
        {
            int entry = (192 << 10) + 16 + (i * 32);
            regions.Add(new Guid(file.AsSpan(entry, 16)), ((long)read.U64(entry + 16), read.U32(entry + 24)));
            read.Take((long)read.U64(entry + 16), read.U32(entry + 24));
        }

        int metadata = (int)regions[new Guid("8B7CA206-4790-4B9A-B8FE-575F050F886E")].Offset;
        (long bat, uint batLength) = regions[new Guid("2DC27766-F623-4200-9D64-115E9BFD4A08")];
        read.ReadMetadata(metadata);
        read.ReadBlocks((int)bat, batLength, parent);
        return read;
    }

    /// <summary>Reads a VHD file over what its parent reads as.</summary>
    public static ReferenceDifferencing Vhd(byte[] file, byte[] parent)
    {
        ReferenceDifferencing read = new(file);
        int footer = file.Length - 512;
        Assert.Equal(file[..512], file[footer..]);
        Assert.Equal("conectix"u8.ToArray(), file[..8]);
        Assert.Equal(4u, read.B32(60));
        Assert.Equal(~Sum(file.AsSpan(0, 512), 64), read.B32(64));
        int header = (int)read.B64(16);
        Assert.Equal("cxsparse"u8.ToArray(), file[header..(header + 8)]);
        Assert.Equal(~Sum(file.AsSpan(header, 1024), 36), read.B32(header + 36));
        read.DiskSize = (long)read.B64(48);
        read.BlockSize = read.B32(header + 32);
        read.ParentId = new Guid(file.AsSpan(header + 40, 16));
        read.ParentTime = read.B32(header + 56);
        read.ParentName = Encoding.BigEndianUnicode.GetString(file, header + 64, 512).TrimEnd('\0');
        int table = (int)read.B64(header + 16);
        uint blocks = read.B32(header + 28);
        Assert.Equal((read.DiskSize + read.BlockSize - 1) / read.BlockSize, blocks);
        read.Take(0, 512);
        read.Take(header, 1024);
        read.Take(footer, 512);
        read.Take(table, blocks * 4);
        for (int entry = header + 576; entry < header + 768; entry += 24)
        {
            if (read.B32(entry) != 0)
            {
                int length = (int)read.B32(entry + 8);
                int place = (int)read.B64(entry + 16);
                Assert.Equal(0, place % 512);
                Assert.Equal(0u, read.B32(entry + 4) % 512);
                Assert.InRange(length, 1, (int)read.B32(entry + 4));
                read.Take(place, read.B32(entry + 4));
                read.Locator.Add(Encoding.ASCII.GetString(file, entry, 4), Encoding.Unicode.GetString(file, place, length));
            }
        }

        read.Disk = parent.AsSpan(0, (int)read.DiskSize).ToArray();
        long bitmapSize = (Math.Max(1, read.BlockSize / 512 / 8) + 511) / 512 * 512;
        for (int block = 0; block < blocks; block++)
        {
            uint sector = read.B32(table + (block * 4));
            read.States.Add(sector == uint.MaxValue ? 0 : 1);
            if (sector != uint.MaxValue)
            {
                read.Take(sector * 512L, bitmapSize + read.BlockSize);
                for (int i = 0; i < read.BlockSize / 512; i++)
                {
                    if ((file[(sector * 512L) + (i / 8)] & (0x80 >> (i % 8))) != 0)
                    {
                        read.Copy((sector * 512L) + bitmapSize + (i * 512L), (block * read.BlockSize) + (i * 512L));
                    }
                }
            }
        }

        return read;
    }

    private void ReadMetadata(int metadata)
    {
        Assert.Equal("metadata"u8.ToArray(), _file[metadata..(metadata + 8)]);
        Dictionary<Guid, (int Offset, int Length, uint Flags)> items = [];
        for (int i = 0; i < _file[metadata + 10]; i++)
        {
            int entry = metadata + 32 + (i * 32);
            items.Add(new Guid(_file.AsSpan(entry, 16)), (metadata + (int)U32(entry + 16), (int)U32(entry + 20), U32(entry + 24)));
            Assert.InRange(U32(entry + 16), 65536u, (1u << 20) - U32(entry + 20));
        }

        (int parameters, _, uint flags) = items[new Guid("CAA16737-FA36-4D43-B3B6-33F0AA44E76B")];
        Assert.Equal((4u, 2u), (flags, U32(parameters + 4))); // HasParent, and blocks need not stay allocated
        BlockSize = U32(parameters);
        DiskSize = (long)U64(items[new Guid("2FA54224-CD1B-4876-B211-5DBED83BF4B8")].Offset);
        DiskId = new Guid(_file.AsSpan(items[new Guid("BECA12AB-B2E6-4523-93EF-C309E000C746")].Offset, 16));
        SectorSize = (int)U32(items[new Guid("8141BF1D-A96F-4709-BA47-F233A8FAAB5F")].Offset);
        PhysicalSectorSize = U32(items[new Guid("CDA348C7-445D-4471-9CC9-E9885251C556")].Offset);
        (int locator, int length, flags) = items[new Guid("A8D35F2D-B30B-454D-ABF7-D3D84834AB0C")];
        Assert.Equal(4u, flags);
        Assert.Equal(new Guid("B04AEFB7-D19E-4A81-B789-25B8E9445913"), new Guid(_file.AsSpan(locator, 16)));
        for (int entry = locator + 20, i = 0; i < _file[locator + 18]; i++, entry += 12)
        {
            Locator.Add(Text(U32(entry), entry + 8), Text(U32(entry + 4), entry + 10));
        }

        string Text(uint offset, int lengthAt)
        {
            int bytes = BinaryPrimitives.ReadUInt16LittleEndian(_file.AsSpan(lengthAt));
            Assert.InRange(offset + bytes, 1, length);
            return Encoding.Unicode.GetString(_file, locator + (int)offset, bytes);
        }
    }

    private void ReadBlocks(int bat, uint batLength, byte[] parent)
    {
        long ratio = (1L << 23) * SectorSize / BlockSize;
        long blocks = (DiskSize + BlockSize - 1) / BlockSize;
        long chunks = (blocks + ratio - 1) / ratio;
        Assert.InRange(chunks * (ratio + 1) * 8, 1, batLength);
        Disk = parent.AsSpan(0, (int)DiskSize).ToArray();
        HashSet<long> bitmaps = [];
        for (long block = 0; block < blocks; block++)
        {
            (int state, long place) = Entry(block + (block / ratio));
            States.Add(state);
            long start = block * BlockSize;
            if (state is 6 or 7)
            {
                Take(place, BlockSize);
            }

            switch (state)
            {
                case 0:
                    break;
                case 2:
                    Disk.AsSpan((int)start, (int)Math.Min(BlockSize, DiskSize - start)).Clear();
                    break;
                case 6:
                    for (long at = 0; at < BlockSize; at += SectorSize)
                    {
                        Copy(place + at, start + at);
                    }

                    break;
                case 7:
                    (int bitmapState, long bitmap) = Entry((((block / ratio) + 1) * (ratio + 1)) - 1);
                    Assert.Equal(6, bitmapState);
                    if (bitmaps.Add(bitmap))
                    {
                        Take(bitmap, 1 << 20);
                    }

                    for (long at = 0; at < BlockSize; at += SectorSize)
                    {
                        long bit = (start + at) / SectorSize % (1 << 23);
                        if ((_file[bitmap + (bit / 8)] >> (int)(bit % 8) & 1) != 0)
                        {
                            Copy(place + at, start + at);
                        }
                    }

                    break;
                default:
                    Assert.Fail($"block {block} has the state {state}");
                    break;
            }
        }

        (int State, long Place) Entry(long index)
        {
            ulong entry = U64(bat + ((int)index * 8));
            return ((int)(entry & 7), (long)(entry >> 20 << 20));
        }
    }

    private void Copy(long place, long at)
    {
        if (at < DiskSize)
        {
            Sectors.Add(at / SectorSize);
            _file.AsSpan((int)place, SectorSize).CopyTo(Disk.AsSpan((int)at));
        }
    }

    // Nothing may lie over anything else, or outside the file.
    private void Take(long start, long length)
    {
        Assert.InRange(start + length, 1, _file.Length);
        foreach ((long from, long to) in _taken)
        {
            Assert.False(start < to && from < start + length, $"{start} to {start + length} lies over {from} to {to}");
        }

        _taken.Add((start, start + length));
    }

    private static uint Sum(ReadOnlySpan<byte> bytes, int without)
    {
        uint sum = 0;
        for (int i = 0; i < bytes.Length; i++)
        {
            sum += i - without is >= 0 and < 4 ? 0u : bytes[i];
        }

        return sum;
    }

    private uint U32(int at) => BinaryPrimitives.ReadUInt32LittleEndian(_file.AsSpan(at));

    private ulong U64(int at) => BinaryPrimitives.ReadUInt64LittleEndian(_file.AsSpan(at));

    private uint B32(int at) => BinaryPrimitives.ReadUInt32BigEndian(_file.AsSpan(at));

    private ulong B64(int at) => BinaryPrimitives.ReadUInt64BigEndian(_file.AsSpan(at));
}
