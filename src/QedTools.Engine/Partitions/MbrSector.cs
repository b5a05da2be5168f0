using System;
using System.Linq;

namespace QedTools.Partitions;

/// <summary>The four entries of a sector that ends with the signature of boot sectors: the first sector of a disk, or one of an extended partition.</summary>
/// <param name="Entries">The entries.</param>
internal readonly record struct MbrSector(MbrEntry[] Entries)
{
    /// <summary>The part of a sector that holds the entries and the signature, in bytes, whatever the size of the sector.</summary>
    public const int Size = 512;

    private const int EntriesAt = 446;
    private const int EntryCount = 4;

    /// <summary>Whether one entry says that the disk has a GPT.</summary>
    public bool IsProtective => Entries.Any(entry => entry.Type == MbrEntry.Protective);

    /// <summary>Reads a sector.</summary>
    /// <param name="bytes"><see cref="Size"/> bytes.</param>
    /// <param name="sector">The entries.</param>
    /// <returns>False if it has no signature.</returns>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out MbrSector sector)
    {
        MbrEntry[] entries = new MbrEntry[EntryCount];
        for (int i = 0; i < EntryCount; i++)
        {
            entries[i] = MbrEntry.Read(bytes.Slice(EntriesAt + (i * MbrEntry.Size)));
        }

        sector = new MbrSector(entries);
        return bytes[510] == 0x55 && bytes[511] == 0xAA;
    }
}
