using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using QedTools.Tests.Support;

namespace QedTools.Tests.Interchange.Vhdx;

/// <summary>
/// A VHDX file laid out by hand, from the specification and without the engine's code, so that any part of it can be made wrong.
/// </summary>
internal sealed class VhdxSketch
{
    public const long FirstHeader = 64 << 10;
    public const long SecondHeader = 128 << 10;
    public const long FirstRegionTable = 192 << 10;
    public const long SecondRegionTable = 256 << 10;
    public const long LogOffset = 1 << 20;
    public const int MiB = 1 << 20;

    public static readonly Guid BatRegion = new("2DC27766-F623-4200-9D64-115E9BFD4A08");
    public static readonly Guid MetadataRegion = new("8B7CA206-4790-4B9A-B8FE-575F050F886E");
    public static readonly Guid FileParameters = new("CAA16737-FA36-4D43-B3B6-33F0AA44E76B");
    public static readonly Guid VirtualDiskSize = new("2FA54224-CD1B-4876-B211-5DBED83BF4B8");
    public static readonly Guid LogicalSectorSize = new("8141BF1D-A96F-4709-BA47-F233A8FAAB5F");
    public static readonly Guid ParentLocator = new("A8D35F2D-B30B-454D-ABF7-D3D84834AB0C");
    public static readonly Guid VhdxLocator = new("B04AEFB7-D19E-4A81-B789-25B8E9445913");

    private static readonly uint[] CrcTable = [.. Enumerable.Range(0, 256).Select(static i =>
    {
        uint value = (uint)i;
        for (int bit = 0; bit < 8; bit++)
        {
            value = (value & 1) == 0 ? value >> 1 : (value >> 1) ^ 0x82F63B78;
        }

        return value;
    })];

    private readonly int _logLength;

    /// <summary>Lays out an empty disk.</summary>
    /// <param name="virtualSize">The disk's size, in bytes.</param>
    /// <param name="blockSize">A block's size, in bytes.</param>
    /// <param name="sectorSize">A sector's size, in bytes.</param>
    /// <param name="parent">The parent locator's entries; null if the disk has no parent.</param>
    /// <param name="logLength">The log's length, in bytes.</param>
    /// <param name="path">The file's name.</param>
    public VhdxSketch(
        long virtualSize,
        int blockSize = MiB,
        int sectorSize = 512,
        IReadOnlyDictionary<string, string>? parent = null,
        int logLength = MiB,
        string path = "memory.vhdx")
    {
        Storage = new MemoryStorage(path);
        VirtualSize = virtualSize;
        BlockSize = blockSize;
        SectorSize = sectorSize;
        _logLength = logLength;
        MetadataOffset = LogOffset + logLength;
        BatOffset = MetadataOffset + MiB;
        Storage.Write(0, "vhdxfile"u8);
        long blocks = (virtualSize + blockSize - 1) / blockSize;
        long entries = Math.Max(1, (blocks + ChunkRatio - 1) / ChunkRatio * (ChunkRatio + 1));
        BatLength = ((entries * 8) + MiB - 1) / MiB * MiB;
        WriteHeader(FirstHeader, 1);
        WriteHeader(SecondHeader, 2);
        WriteRegionTables((BatRegion, BatOffset, BatLength, 1), (MetadataRegion, MetadataOffset, MiB, 1));
        WriteMetadata(parent);
        Storage.SetLength(BatOffset + BatLength);
    }

    public MemoryStorage Storage { get; }

    public long VirtualSize { get; }

    public int BlockSize { get; }

    public int SectorSize { get; }

    public long MetadataOffset { get; }

    public long BatOffset { get; }

    public long BatLength { get; }

    public long ChunkRatio => (8L * MiB * SectorSize) / BlockSize;

    public Guid DataWriteGuid { get; set; } = new("11111111-2222-3333-4444-555555555555");

    public Guid LogGuid { get; set; }

    /// <summary>The checksum of a structure whose Checksum field is at offset 4.</summary>
    public static uint ChecksumOf(ReadOnlySpan<byte> structure)
    {
        uint crc = uint.MaxValue;
        for (int i = 0; i < structure.Length; i++)
        {
            byte value = i is >= 4 and < 8 ? (byte)0 : structure[i];
            crc = CrcTable[(crc ^ value) & 0xFF] ^ (crc >> 8);
        }

        return ~crc;
    }

    /// <summary>Writes a header.</summary>
    public void WriteHeader(long at, ulong sequenceNumber, ushort version = 1, ushort logVersion = 0, uint? logLength = null, ulong? logOffset = null)
    {
        byte[] header = new byte[4096];
        "head"u8.CopyTo(header);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(8), sequenceNumber);
        new Guid("99999999-9999-9999-9999-999999999999").ToByteArray().CopyTo(header, 16);
        DataWriteGuid.ToByteArray().CopyTo(header, 32);
        LogGuid.ToByteArray().CopyTo(header, 48);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(64), logVersion);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(66), version);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(68), logLength ?? (uint)_logLength);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(72), logOffset ?? (ulong)LogOffset);
        Seal(header);
        Storage.Write(at, header);
    }

    /// <summary>Writes both region tables.</summary>
    public void WriteRegionTables(params ReadOnlySpan<(Guid Guid, long Offset, long Length, int Required)> regions)
    {
        byte[] table = RegionTableOf(regions);
        Storage.Write(FirstRegionTable, table);
        Storage.Write(SecondRegionTable, table);
    }

    /// <summary>The bytes of a region table.</summary>
    public static byte[] RegionTableOf(params ReadOnlySpan<(Guid Guid, long Offset, long Length, int Required)> regions)
    {
        byte[] table = new byte[64 << 10];
        "regi"u8.CopyTo(table);
        BinaryPrimitives.WriteInt32LittleEndian(table.AsSpan(8), regions.Length);
        for (int i = 0; i < regions.Length; i++)
        {
            Span<byte> entry = table.AsSpan(16 + (i * 32));
            regions[i].Guid.TryWriteBytes(entry);
            BinaryPrimitives.WriteInt64LittleEndian(entry[16..], regions[i].Offset);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[24..], (uint)regions[i].Length);
            BinaryPrimitives.WriteInt32LittleEndian(entry[28..], regions[i].Required);
        }

        Seal(table);
        return table;
    }

    /// <summary>Stores the checksum in a structure whose Checksum field is at offset 4.</summary>
    public static void Seal(Span<byte> structure) => BinaryPrimitives.WriteUInt32LittleEndian(structure[4..], ChecksumOf(structure));

    /// <summary>Changes bytes of a structure in the file and updates its checksum.</summary>
    public void Reseal(long at, int length, Action<byte[]> change)
    {
        byte[] structure = new byte[length];
        Storage.Read(at, structure);
        change(structure);
        Seal(structure);
        Storage.Write(at, structure);
    }

    /// <summary>Writes a metadata item's table entry.</summary>
    public void WriteMetadataEntry(int index, Guid id, uint offset, uint length, uint flags)
    {
        byte[] entry = new byte[32];
        id.ToByteArray().CopyTo(entry, 0);
        BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(16), offset);
        BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(20), length);
        BinaryPrimitives.WriteUInt32LittleEndian(entry.AsSpan(24), flags);
        Storage.Write(MetadataOffset + 32 + (index * 32), entry);
    }

    /// <summary>The file offset of a metadata item's value.</summary>
    public long ItemOffset(int index) => MetadataOffset + (64 << 10) + (index * 4096L);

    /// <summary>Writes a number.</summary>
    public void Write64(long at, ulong value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        Storage.Write(at, bytes);
    }

    /// <summary>Writes a number.</summary>
    public void Write32(long at, uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        Storage.Write(at, bytes);
    }

    /// <summary>The file offset of a block's BAT entry.</summary>
    public long EntryOffset(long block) => BatOffset + (8 * (block + (block / ChunkRatio)));

    /// <summary>The file offset of the BAT entry of a chunk's sector bitmap.</summary>
    public long BitmapEntryOffset(long chunk) => BatOffset + (8 * ((chunk * (ChunkRatio + 1)) + ChunkRatio));

    /// <summary>Sets a block's BAT entry.</summary>
    public void SetEntry(long block, ulong entry) => Write64(EntryOffset(block), entry);

    /// <summary>Adds space at the end of the file, aligned like everything in it, and returns its offset.</summary>
    public long Append(long length)
    {
        long at = (Storage.Length + MiB - 1) / MiB * MiB;
        Storage.SetLength(at + length);
        return at;
    }

    /// <summary>Gives a block data and, by default, the state of a present block.</summary>
    public long Put(long block, ReadOnlySpan<byte> data, int at = 0, ulong state = 6)
    {
        long place = Append(BlockSize);
        Storage.Write(place + at, data);
        SetEntry(block, (ulong)place | state);
        return place;
    }

    /// <summary>Gives a chunk a sector bitmap with some sectors of the disk set.</summary>
    public long PutBitmap(long chunk, params ReadOnlySpan<(long Sector, long Count)> present)
    {
        long place = Append(MiB);
        byte[] bits = new byte[MiB];
        foreach ((long sector, long count) in present)
        {
            for (long i = sector; i < sector + count; i++)
            {
                bits[i / 8] |= (byte)(1 << (int)(i % 8));
            }
        }

        Storage.Write(place, bits);
        Write64(BitmapEntryOffset(chunk), (ulong)place | 6);
        return place;
    }

    /// <summary>The bytes of a parent locator.</summary>
    public static byte[] LocatorOf(IReadOnlyDictionary<string, string> entries, Guid? type = null)
    {
        List<byte> strings = [];
        byte[] head = new byte[20 + (12 * entries.Count)];
        (type ?? VhdxLocator).ToByteArray().CopyTo(head, 0);
        BinaryPrimitives.WriteUInt16LittleEndian(head.AsSpan(18), (ushort)entries.Count);
        int at = 20;
        foreach ((string key, string value) in entries)
        {
            BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(at), head.Length + strings.Count);
            BinaryPrimitives.WriteInt16LittleEndian(head.AsSpan(at + 8), (short)(2 * key.Length));
            strings.AddRange(Encoding.Unicode.GetBytes(key));
            BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(at + 4), head.Length + strings.Count);
            BinaryPrimitives.WriteInt16LittleEndian(head.AsSpan(at + 10), (short)(2 * value.Length));
            strings.AddRange(Encoding.Unicode.GetBytes(value));
            at += 12;
        }

        return [.. head, .. strings];
    }

    private void WriteMetadata(IReadOnlyDictionary<string, string>? parent)
    {
        byte[] head = new byte[32];
        "metadata"u8.CopyTo(head);
        head[10] = (byte)(parent is null ? 5 : 6);
        Storage.Write(MetadataOffset, head);
        WriteMetadataEntry(0, FileParameters, 64 << 10, 8, 4);
        Write32(ItemOffset(0), (uint)BlockSize);
        Write32(ItemOffset(0) + 4, parent is null ? 0u : 2);
        WriteMetadataEntry(1, VirtualDiskSize, (64 << 10) + 4096, 8, 6);
        Write64(ItemOffset(1), (ulong)VirtualSize);
        WriteMetadataEntry(2, LogicalSectorSize, (64 << 10) + 8192, 4, 6);
        Write32(ItemOffset(2), (uint)SectorSize);
        if (parent is not null)
        {
            byte[] locator = LocatorOf(parent);
            WriteMetadataEntry(5, ParentLocator, (64 << 10) + 12288, (uint)locator.Length, 4);
            Storage.Write(ItemOffset(3), locator);
        }

        // Metadata items that other readers require.
        WriteMetadataEntry(3, new Guid("BECA12AB-B2E6-4523-93EF-C309E000C746"), (64 << 10) + 16384, 16, 6);
        WriteMetadataEntry(4, new Guid("CDA348C7-445D-4471-9CC9-E9885251C556"), (64 << 10) + 20480, 4, 6);
        Storage.Write(ItemOffset(4), DataWriteGuid.ToByteArray());
        Write32(ItemOffset(5), 512);
    }
}
