using System;
using System.Buffers.Binary;
using QedTools.Disks;
using QedTools.Storage;

namespace QedTools.Interchange.Vmdk;

/// <summary>The header of a space-efficient sparse extent: the fields that matter. VMware documents none; the names are those in QEMU's reader.</summary>
/// <param name="Capacity">How much of a disk the extent holds, in sectors.</param>
/// <param name="DirectoryOffset">Where the grain directory is, in sectors.</param>
/// <param name="DirectorySize">How much space it has, in sectors.</param>
/// <param name="TablesOffset">Where grain table 0 is, in sectors.</param>
/// <param name="GrainsOffset">Where grain 0 of the file is, in sectors.</param>
internal readonly record struct SeSparseHeader(
    ulong Capacity, ulong DirectoryOffset, ulong DirectorySize, ulong TablesOffset, ulong GrainsOffset)
{
    /// <summary>A grain's size, in sectors: the only one that is known.</summary>
    public const int GrainSectors = 8;

    /// <summary>A grain table's size, in sectors: the only one that is known.</summary>
    public const int TableSectors = 64;

    private const int Size = 512;
    private const ulong ConstantMagic = 0xCAFEBABE;
    private const ulong VolatileMagic = 0xCAFECAFE;
    private const ulong KnownVersion = 0x2_0000_0001;
    private const int FlagsAt = 40;
    private const int ReservedEnd = 80;
    private const int PaddingAt = 208;

    /// <summary>Reads the header in the first sector, and the one that shows whether the journal is empty.</summary>
    /// <exception cref="QedDamagedFileException">It is not such a header, or is cut short.</exception>
    /// <exception cref="QedUnsupportedFormatException">It uses something that is not known, or its journal was not written back.</exception>
    /// <exception cref="QedException">It could not be read.</exception>
    public static SeSparseHeader Read(IStorage storage)
    {
        byte[] bytes = new byte[Size];
        if (storage.Read(0, bytes) < Size || FieldAt(0) != ConstantMagic)
        {
            throw Damaged(storage, "the header", "cut short or something else", "512 bytes that begin with 0xCAFEBABE");
        }

        // As strict as QEMU: what is not documented may mean anything.
        if (FieldAt(8) != KnownVersion || FieldAt(24) != GrainSectors || FieldAt(32) != TableSectors)
        {
            throw Unsupported(storage, $"a SESPARSE extent of version 0x{FieldAt(8):x} with grains of {FieldAt(24)} sectors and tables of {FieldAt(32)}");
        }

        if (!ZeroScan.IsZero(bytes.AsSpan(FlagsAt, ReservedEnd - FlagsAt)) || !ZeroScan.IsZero(bytes.AsSpan(PaddingAt)))
        {
            throw Unsupported(storage, $"unknown flags or fields of a SESPARSE extent");
        }

        SeSparseHeader header = new(FieldAt(16), FieldAt(128), FieldAt(136), FieldAt(144), FieldAt(192));
        ulong volatileOffset = FieldAt(80);
        ulong most = (ulong)storage.Length / Sector.Size;
        if (volatileOffset >= most)
        {
            throw Damaged(storage, "the offset of the volatile header", volatileOffset, FormattableString.Invariant($"one inside the file's {most} sectors"));
        }

        storage.ReadExactly((long)volatileOffset * Sector.Size, bytes);
        return FieldAt(0) != VolatileMagic ? throw Damaged(storage, "the volatile header", "something else", "512 bytes that begin with 0xCAFECAFE")
            : FieldAt(24) != 0 ? throw Unsupported(storage, $"a journal that was not written back (SESPARSE)")
            : header;

        ulong FieldAt(int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at));
    }

    private static QedDamagedFileException Damaged(IStorage storage, string field, object value, string allowed) =>
        new(storage.Path, VmdkFormat.FormatName, field, value, allowed);

    private static QedUnsupportedFormatException Unsupported(IStorage storage, FormattableString feature) =>
        QedUnsupportedFormatException.ForFeature(storage.Path, VmdkFormat.FormatName, FormattableString.Invariant(feature));
}
