using System;
using System.Globalization;

namespace QedTools;

/// <summary>
/// A partition of a disk and the file system on it; for a disk without a partition table, the disk as a whole, as number 0.
/// </summary>
public sealed record QedPartition
{
    /// <summary>The <see cref="Number"/> of the disk as a whole.</summary>
    public const int WholeDisk = 0;

    /// <summary>The image's file.</summary>
    public required string Path { get; init; }

    /// <summary>
    /// The number that Linux and sfdisk give it: of an MBR 1 to 4 for the entries of the table and from 5 on for logical partitions, of a GPT the
    /// number of the entry. <see cref="WholeDisk"/> for the disk as a whole.
    /// </summary>
    public required int Number { get; init; }

    /// <summary>The name in the partition table as it is stored, which only a GPT has; it can contain control characters. Null if there is none.</summary>
    public string? Name { get; init; }

    /// <summary>The kind of table that it is in; <see cref="QedPartitionTable.None"/> for the disk as a whole.</summary>
    public required QedPartitionTable Table { get; init; }

    /// <summary>The type that the table states, in words, such as "Linux filesystem"; "unknown" for one that is not known, "none" for the disk as a whole.</summary>
    public required string Type { get; init; }

    /// <summary>The type that the table states: the code of an MBR, such as "0x83", or the GUID of a GPT, in capital letters. Null for the disk as a whole.</summary>
    public string? TypeId { get; init; }

    /// <summary>Where it begins on the disk, in bytes.</summary>
    public required long Start { get; init; }

    /// <summary>Its length as the table states it, in bytes; it may extend beyond the end of the disk.</summary>
    public required long Length { get; init; }

    /// <summary>The GUID of the partition, which only a GPT has; null otherwise.</summary>
#pragma warning disable CA1720 // It is the partition's GUID.
    public Guid? Guid { get; init; }
#pragma warning restore CA1720

    /// <summary>Whether the table marks it for the BIOS to boot from.</summary>
    public bool IsBootable { get; init; }

    /// <summary>Whether it is an extended partition of an MBR, which contains the logical ones.</summary>
    public bool IsExtended { get; init; }

    /// <summary>
    /// The file system or what else its contents are: ext2, ext3, ext4, XFS, btrfs, NTFS, FAT12, FAT16, FAT32, exFAT, ReFS, swap, LVM2, LUKS or
    /// ISO 9660. Null if none of these was found.
    /// </summary>
    public string? FileSystem { get; init; }

    /// <summary>The label of the file system as it is stored, which can contain control characters; null if it has none.</summary>
    public string? Label { get; init; }

    /// <summary>The identifier of the file system as blkid writes it: a UUID, or the serial number of a Windows file system, in printable ASCII. Null if it has none.</summary>
    public string? FileSystemId { get; init; }

    /// <summary>
    /// How much of the file system is in use, in bytes, as far as its superblock says so; a file system that was not unmounted can be wrong about it. Null
    /// where the superblock does not say.
    /// </summary>
    public long? UsedBytes { get; init; }

    /// <summary>The first byte after it.</summary>
    internal long End => Length > long.MaxValue - Start ? long.MaxValue : Start + Length;

    /// <summary>The number, its name or label, and the file system or type.</summary>
    public override string ToString()
    {
        string name = PrintableText.Of(Name ?? Label);
        return string.Format(
            CultureInfo.InvariantCulture,
            name.Length == 0 ? "{0} ({2}, {3})" : "{0} ({1}, {2}, {3})",
            Number == WholeDisk ? "whole disk" : Number,
            name,
            FileSystem ?? Type,
            ByteSize.Format(Length));
    }
}
