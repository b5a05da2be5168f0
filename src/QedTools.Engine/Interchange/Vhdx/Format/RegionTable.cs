using System;
using System.Buffers.Binary;

namespace QedTools.Interchange.Vhdx.Format;

/// <summary>A region table: a header and entries ([MS-VHDX], 2.2.3). A file has two identical ones.</summary>
internal static class RegionTable
{
    /// <summary>A table's size, in bytes; its checksum covers all of it.</summary>
    public const int Size = 64 << 10;

    /// <summary>Where the first table is, in bytes.</summary>
    public const long FirstOffset = 192 << 10;

    /// <summary>Where the second table is, in bytes.</summary>
    public const long SecondOffset = 256 << 10;

    private const int HeaderSize = 16;
    private const uint MaxEntries = 2047;

    private static ReadOnlySpan<byte> Signature => "regi"u8;

    /// <summary>Reads a table.</summary>
    /// <param name="bytes">Its 64 KiB.</param>
    /// <returns>Null if its signature, its checksum or its number of entries is wrong.</returns>
    public static RegionTableEntry[]? Parse(ReadOnlySpan<byte> bytes)
    {
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(8));
        if (!bytes.StartsWith(Signature)
            || count > MaxEntries
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(Crc32C.FieldOffset)) != Crc32C.OfStructure(bytes))
        {
            return null;
        }

        RegionTableEntry[] entries = new RegionTableEntry[count];
        for (int i = 0; i < entries.Length; i++)
        {
            entries[i] = RegionTableEntry.Parse(bytes.Slice(HeaderSize + (i * RegionTableEntry.Size)));
        }

        return entries;
    }

    /// <summary>Writes a table with its checksum.</summary>
    /// <param name="destination">64 KiB, all zero.</param>
    /// <param name="entries">Its entries.</param>
    /// <returns>How many bytes from the start are used; the rest are zero.</returns>
    public static int Write(Span<byte> destination, ReadOnlySpan<RegionTableEntry> entries)
    {
        Signature.CopyTo(destination);
        BinaryPrimitives.WriteInt32LittleEndian(destination.Slice(8), entries.Length);
        int at = HeaderSize;
        foreach (RegionTableEntry entry in entries)
        {
            entry.WriteTo(destination.Slice(at));
            at += RegionTableEntry.Size;
        }

        BinaryPrimitives.WriteUInt32LittleEndian(destination.Slice(Crc32C.FieldOffset), Crc32C.OfStructure(destination.Slice(0, Size)));
        return at;
    }
}
